package fn

import (
	"testing"

	"github.com/endscope/endscope/logs/kql/value"
)

func TestHash(t *testing.T) {
	day, _ := value.MakeTime(2024, 5, 6, 0, 0, 0, 0)
	runCalls(t, []callCase{
		does(`-1205034819632174695`, "hash", ""),
		does(`4952883123889572249`, "hash", "abc"),
		does(`49`, "hash", "abc", 100),
		does(`5`, "hash", "", 100),
		does(`null`, "hash", "abc", 0),
		does(`null`, "hash", "abc", -3),
		does(`null`, "hash", nil),
		does(`4952883123889572249`, "hash_xxhash64", "abc"),
		does(`0`, "hash_xxhash64", "abc", 1),
		does(`"900150983cd24fb0d6963f7d28e17f72"`, "hash_md5", "abc"),
		does(`"d41d8cd98f00b204e9800998ecf8427e"`, "hash_md5", ""),
		does(show(call(t, "hash_md5", "2024-05-06T00:00:00.0000000Z")), "hash_md5", day),
		does(`"a9993e364706816aba3e25717850c26c9cd0d89d"`, "hash_sha1", "abc"),
		does(`"da39a3ee5e6b4b0d3255bfef95601890afd80709"`, "hash_sha1", ""),
		does(show(call(t, "hash_sha1", "17")), "hash_sha1", 17),
		does(`"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"`, "hash_sha256", "abc"),
		does(`"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`, "hash_sha256", ""),
		does(show(call(t, "hash_sha256", "True")), "hash_sha256", true),
	})
	one := value.UUID("00010203-0405-0607-0809-0a0b0c0d0e0f")
	seen := map[value.Value]value.Value{}
	for _, v := range []value.Value{1, 1.0, "1", value.Span(2), day, true, false, one, string(one) + " ", arr(1), bag("a", 1)} {
		h := call(t, "hash", v)
		if other, ok := seen[h]; ok {
			t.Errorf("%v and %v hash alike", v, other)
		}
		seen[h] = v
	}
	if call(t, "hash", int32(-7)) != call(t, "hash", -7) {
		t.Error("an int and a long of one value hash differently")
	}
}

func TestHashMany(t *testing.T) {
	ab, ba := call(t, "hash_many", "a", "b"), call(t, "hash_many", "b", "a")
	if ab == ba {
		t.Error("the order of values does not count")
	}
	if got := call(t, "hash_combine", call(t, "hash", "a"), call(t, "hash", "b")); got != ab {
		t.Errorf("hash_combine of the hashes is %v, hash_many %v", got, ab)
	}
	if got := call(t, "hash_many", "a", "b", 3); got == ab {
		t.Error("a third value does not count")
	}
	if got := call(t, "hash_many", "a", nil); got != nil {
		t.Errorf("of a null: %v, want null", got)
	}
	if a, b := call(t, "hash_combine", 1, 2, 3), call(t, "hash_combine", 1, 3, 2); a == b {
		t.Error("the order of hashes does not count")
	}
}
