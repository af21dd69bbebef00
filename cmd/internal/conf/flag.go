package conf

import (
	"reflect"
	"strings"
)

// flagValue keeps what the command line gave for one key, as text: it is read after the file, so that every error of both is
// told together.
type flagValue struct {
	typ   reflect.Type
	text  string // the default, then what was given last
	list  []string
	given bool
}

// String returns the text of the flag; pflag prints it as the default.
func (f *flagValue) String() string { return f.text }

// Set records a value; a list flag grows by one, any other is replaced.
func (f *flagValue) Set(text string) error {
	f.given = true
	if isFlagList(f.typ) {
		f.list = append(f.list, text)
		f.text = strings.Join(f.list, ", ")
		return nil
	}
	f.text = text
	return nil
}

// Type names the value in the help output. Lists are "strings" so that pflag shows that the flag repeats.
func (f *flagValue) Type() string {
	if isFlagList(f.typ) {
		return "strings"
	}
	if name := typeName(f.typ); name != "text" {
		return name
	}
	return "string"
}

// apply writes what was given into v.
func (f *flagValue) apply(v reflect.Value) error {
	if !isFlagList(f.typ) {
		return setText(v, f.text)
	}
	out := reflect.MakeSlice(f.typ, len(f.list), len(f.list))
	for i, text := range f.list {
		if err := setText(out.Index(i), text); err != nil {
			return err
		}
	}
	v.Set(out)
	return nil
}

func flagDefault(v reflect.Value) string {
	if !isFlagList(v.Type()) {
		return formatScalar(v)
	}
	words := make([]string, v.Len())
	for i := range words {
		words[i] = formatScalar(v.Index(i))
	}
	return strings.Join(words, ", ")
}
