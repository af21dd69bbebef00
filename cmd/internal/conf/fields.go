package conf

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/endscope/endscope/internal/config"
)

// Field is one key of a configuration, as an operator sees it.
type Field struct {
	Key     string // dotted, as in the file: storage.out_of_order_window
	Flag    string // without dashes: storage.out-of-order-window; empty for keys that only a file can hold
	Type    string // bool, int, float, text, duration, size, list of …
	Default string // as it would be written in the file
	Help    string // one sentence
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	bytesType    = reflect.TypeFor[config.Bytes]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
	yamlType     = reflect.TypeFor[yaml.InterfaceUnmarshaler]()
	yamlRawType  = reflect.TypeFor[yaml.BytesUnmarshaler]()
)

// member is one field of a struct type with the name and help that its tags give.
type member struct {
	name  string
	help  string
	index []int
	typ   reflect.Type
}

// members lists the exported fields of a struct type, those of inlined structs in their place.
func members(t reflect.Type) []member {
	var out []member
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		if strings.Contains(options, "inline") {
			for _, m := range members(f.Type) {
				m.index = append([]int{i}, m.index...)
				out = append(out, m)
			}
			continue
		}
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		out = append(out, member{name: name, help: f.Tag.Get("help"), index: []int{i}, typ: f.Type})
	}
	return out
}

// group is one key of a section with the fields that it stands for: several if structs share it as a section.
type group struct {
	member
	values []reflect.Value
}

// grouped lists the keys of structs that share one section.
func grouped(parts []reflect.Value) []group {
	var out []group
	for _, v := range parts {
		for _, m := range members(v.Type()) {
			i := slices.IndexFunc(out, func(g group) bool { return g.name == m.name })
			if i < 0 {
				i = len(out)
				out = append(out, group{member: m})
			}
			if out[i].help == "" {
				out[i].help = m.help
			}
			out[i].values = append(out[i].values, v.FieldByIndex(m.index))
		}
	}
	return out
}

func isText(t reflect.Type) bool { return reflect.PointerTo(t).Implements(textType) }

// isCustom reports whether a type reads its own YAML, as Prometheus's relabelling rules do.
func isCustom(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return !isText(t) && (p.Implements(yamlType) || p.Implements(yamlRawType))
}

// isScalar reports whether one word of text can hold a value of the type.
func isScalar(t reflect.Type) bool {
	if isText(t) {
		return true
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	case reflect.Pointer:
		return isScalar(t.Elem())
	}
	return false
}

func isSection(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !isText(t) && !isCustom(t)
}

func isFlagList(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && !isText(t) && !isCustom(t) && isScalar(t.Elem())
}

// typeName is the word that help texts use for a type.
func typeName(t reflect.Type) string {
	switch {
	case t == durationType:
		return "duration"
	case t == bytesType:
		return "size"
	case isText(t):
		return "text"
	case isCustom(t), t.Kind() == reflect.Struct:
		return "section"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Bool:
		return "bool"
	case reflect.Float32, reflect.Float64:
		return "float"
	case reflect.String:
		return "text"
	case reflect.Slice, reflect.Array:
		return "list of " + typeName(t.Elem())
	case reflect.Map:
		return "map of " + typeName(t.Elem())
	default:
		return "int"
	}
}

// leaf is one flag-sized or file-only key, found by walking the sections of a struct.
type leaf struct {
	member
	key string
}

func (l leaf) flag() string {
	if !isScalar(l.typ) && !isFlagList(l.typ) {
		return ""
	}
	return FlagName(l.key)
}

// FlagName returns the flag that sets a key, without its dashes.
func FlagName(key string) string { return strings.ReplaceAll(key, "_", "-") }

func leaves(t reflect.Type, prefix string, index []int) []leaf {
	var out []leaf
	for _, m := range members(t) {
		m.index = append(append([]int{}, index...), m.index...)
		if isSection(m.typ) {
			out = append(out, leaves(m.typ, prefix+m.name+".", m.index)...)
			continue
		}
		out = append(out, leaf{member: m, key: prefix + m.name})
	}
	return out
}

// bySection puts the keys of a section that several structs share together, in the order of their first appearance.
func bySection(all []leaf) []leaf {
	first := map[string]int{}
	for i, l := range all {
		for key := l.key; key != ""; key = parentKey(key) {
			if _, ok := first[key]; !ok {
				first[key] = i
			}
		}
	}
	path := func(l leaf) []int {
		var out []int
		for key := l.key; key != ""; key = parentKey(key) {
			out = append([]int{first[key]}, out...)
		}
		return out
	}
	slices.SortStableFunc(all, func(a, b leaf) int { return slices.Compare(path(a), path(b)) })
	return all
}

// checkType reports what makes a struct type unusable as a configuration: a key without help, or declared twice.
func checkType(t reflect.Type) error {
	if t.Kind() != reflect.Struct {
		return fmt.Errorf("configuration must be a struct, not %s", t)
	}
	seen := map[string]bool{}
	for _, l := range leaves(t, "", nil) {
		if l.help == "" {
			return fmt.Errorf("configuration key %s has no help tag", l.key)
		}
		if seen[l.key] {
			return fmt.Errorf("configuration key %s is declared twice", l.key)
		}
		seen[l.key] = true
	}
	for key := range seen {
		for parent := parentKey(key); parent != ""; parent = parentKey(parent) {
			if seen[parent] {
				return fmt.Errorf("configuration key %s is both a value and a section", parent)
			}
		}
	}
	return nil
}
