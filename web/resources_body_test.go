package web

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMergePatches(t *testing.T) {
	f := func(document, patch, want string) {
		t.Helper()
		got, err := mergePatch([]byte(document), []byte(patch))
		require.NoError(t, err)
		require.JSONEq(t, want, string(got))
	}
	// Examples of RFC 7396, as far as both are objects.
	f(`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`)
	f(`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`)
	f(`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`)
	f(`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`)
	f(`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`)
	f(`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`)
	f(`{"e":null}`, `{"a":1}`, `{"e":null,"a":1}`)
	f(`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`)
	f(`{"a":1}`, `{"properties":{"a":2},"tags":{"x":"y"}}`, `{"a":2}`)
	f(`{"a":1}`, `{"id":"x","etag":"y","a":12345678901234567890}`, `{"a":12345678901234567890}`)
	for _, bad := range []string{``, `[]`, `null`, `{"a":}`, `{} {}`, `{"properties":1}`, `{"a"`} {
		_, err := mergePatch([]byte(`{}`), []byte(bad))
		require.Error(t, err, bad)
	}
}

// A body is read whole or refused, and nothing that a client writes breaks the object that is made of it.
func FuzzBodies(f *testing.F) {
	for _, s := range []string{latencyRule, oncallGroup, `{"name": null, "a": [1, {"b": "\u2028"}]}`, `{"properties": {"enabled": false}}`, `{`, `[]`, "{\"\xff\":1}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		spec, err := specOf(body, "a name")
		if err == nil {
			require.True(t, json.Valid(spec), "%q", spec)
			all, err := objectMembers(spec)
			require.NoError(t, err)
			name, err := nameIn(all)
			require.NoError(t, err)
			require.Equal(t, "a name", name)
			again, err := specOf(spec, "a name")
			require.NoError(t, err)
			require.Equal(t, string(spec), string(again))
		}
		for _, both := range [][2][]byte{{[]byte(latencyRule), body}, {body, []byte(`{"enabled": false}`)}} {
			if out, err := mergePatch(both[0], both[1]); err == nil {
				require.True(t, json.Valid(out))
			}
		}
	})
}
