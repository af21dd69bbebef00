package fn

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"

	"github.com/cespare/xxhash/v2"

	"github.com/endscope/endscope/logs/kql/value"
)

// hashFunctions compute digests. The digests of hash_md5 and its kin are of the value's text; hash() is xxHash64 of a text's UTF-8 or of the
// bytes in which the service keeps other values, a whole number having eight.
func hashFunctions() []Scalar {
	digest := func(name, help string, sum func([]byte) []byte) Scalar {
		return Scalar{
			Signature: Signature{Text: name + "(value: any): string", Help: help},
			Make: texts(func(text func(int) string, _ int) value.Value {
				return hex.EncodeToString(sum([]byte(text(0))))
			}),
		}
	}
	return []Scalar{
		{
			Signature: Signature{
				Text:    "hash(value: any, [mod: long]): long",
				Help:    "Returns the 64-bit hash of a value, or its remainder from 0 to mod-1.",
				Aliases: []string{"hash_xxhash64"},
			},
			Make: simple(func(a []value.Value) value.Value {
				h := hashValue(a[0])
				if len(a) < 2 {
					return h
				}
				mod := a[1].(int64)
				if mod <= 0 {
					return nil
				}
				return (h%mod + mod) % mod
			}),
		},
		{
			Signature: Signature{Text: "hash_many(value: any, second: any, ...): long", Help: "Returns the combined 64-bit hash of several values."},
			Make: simple(func(a []value.Value) value.Value {
				hashes := make([]int64, len(a))
				for i, v := range a {
					hashes[i] = hashValue(v)
				}
				return combineHashes(hashes)
			}),
		},
		{
			Signature: Signature{Text: "hash_combine(hash: long, second: long, ...): long", Help: "Combines several hashes into one."},
			Make: simple(func(a []value.Value) value.Value {
				hashes := make([]int64, len(a))
				for i, v := range a {
					hashes[i] = v.(int64)
				}
				return combineHashes(hashes)
			}),
		},
		digest("hash_md5", "Returns the MD5 digest of a value's text as hexadecimal digits.", func(b []byte) []byte { s := md5.Sum(b); return s[:] }),
		digest("hash_sha1", "Returns the SHA-1 digest of a value's text as hexadecimal digits.", func(b []byte) []byte { s := sha1.Sum(b); return s[:] }),
		digest("hash_sha256", "Returns the SHA-256 digest of a value's text as hexadecimal digits.", func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }),
	}
}

// hashValue returns the hash of a value. Equal whole numbers hash alike whether they are int or long.
func hashValue(v value.Value) int64 {
	var n uint64
	switch x := v.(type) {
	case string:
		return int64(xxhash.Sum64String(x))
	case int32:
		n = uint64(int64(x))
	case int64:
		n = uint64(x)
	case value.Time:
		n = uint64(x)
	case value.Span:
		n = uint64(x)
	case float64:
		n = math.Float64bits(x)
	case bool:
		b := []byte{0}
		if x {
			b[0] = 1
		}
		return int64(xxhash.Sum64(b))
	case value.UUID:
		if b, ok := guidBytes(x); ok {
			return int64(xxhash.Sum64(b))
		}
		return int64(xxhash.Sum64String(string(x)))
	default:
		return int64(xxhash.Sum64String(value.Text(v)))
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	return int64(xxhash.Sum64(b[:]))
}

// combineHashes hashes the bytes of the hashes, so that their order counts. How the service combines them is not public, and its results differ.
func combineHashes(hashes []int64) int64 {
	b := make([]byte, 0, 8*len(hashes))
	for _, h := range hashes {
		b = binary.LittleEndian.AppendUint64(b, uint64(h))
	}
	return int64(xxhash.Sum64(b))
}
