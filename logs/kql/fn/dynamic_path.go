package fn

import (
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// Path returns the member of a bag with that key; null where v is no bag or has no such key.
func Path(v value.Value, key string) value.Value {
	if b, ok := v.(*value.Bag); ok {
		m, _ := b.Get(key)
		return m
	}
	return nil
}

// Element returns the i-th element of an array, from 0, or from the end for a negative i: -1 is the last. It is null where v is no array or
// has no such element.
func Element(v value.Value, i int64) value.Value {
	a, ok := v.(value.Array)
	if !ok {
		return nil
	}
	if i < 0 {
		i += int64(len(a))
	}
	if i < 0 || i >= int64(len(a)) {
		return nil
	}
	return a[i]
}

// keyPath reads a key of the bag functions: a key of the first level as it is, or a JSON path such as $.a.b or $['a'].b to a deeper one.
// It is false for what these functions do not take: the root alone, and places in arrays.
func keyPath(key string) ([]string, bool) {
	if !strings.HasPrefix(key, "$.") && !strings.HasPrefix(key, "$[") {
		return []string{key}, key != "$"
	}
	var path []string
	for rest := key[1:]; rest != ""; {
		if rest[0] == '.' {
			end := strings.IndexAny(rest[1:], ".[") + 1
			if end == 0 {
				end = len(rest)
			}
			if end == 1 {
				return nil, false
			}
			path, rest = append(path, rest[1:end]), rest[end:]
			continue
		}
		if len(rest) < 4 || rest[0] != '[' || rest[1] != '\'' && rest[1] != '"' {
			return nil, false
		}
		end := strings.Index(rest[2:], rest[1:2]+"]")
		if end < 0 {
			return nil, false
		}
		path, rest = append(path, rest[2:2+end]), rest[2+end+2:]
	}
	return path, true
}
