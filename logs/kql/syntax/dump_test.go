package syntax

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// dump writes a tree on one line without positions, so that trees can be compared and read. What is not set is left out. With texts, the
// literals have also the text as it was written.
func dump(n any, texts bool) string {
	var b strings.Builder
	dumpValue(&b, reflect.ValueOf(n), texts)
	return b.String()
}

func dumpValue(b *strings.Builder, v reflect.Value, texts bool) {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		b.WriteString("nil")
		return
	}
	switch x := v.Interface().(type) {
	case Name:
		b.WriteString(nameText(x))
		return
	case value.Type:
		b.WriteString(x.String())
		return
	case *Literal:
		b.WriteString(x.Type.String() + ":")
		switch val := x.Value.(type) {
		case nil:
			b.WriteString("null")
		case string:
			fmt.Fprintf(b, "%q", val)
		default:
			b.WriteString(value.Text(val))
		}
		if texts {
			b.WriteString("<" + x.Text + ">")
		}
		return
	case *NameRef:
		b.WriteString(nameText(x.Name))
		if x.Wildcard {
			b.WriteString("(wildcard)")
		}
		return
	case string:
		fmt.Fprintf(b, "%q", x)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		dumpValue(b, v.Elem(), texts)
	case reflect.Slice:
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteString(", ")
			}
			dumpValue(b, v.Index(i), texts)
		}
		b.WriteByte(']')
	case reflect.Struct:
		b.WriteString(v.Type().Name())
		sep := "{"
		dumpFields(b, v, texts, &sep)
		if sep == "{" {
			b.WriteByte('{')
		}
		b.WriteByte('}')
	default:
		fmt.Fprint(b, v.Interface())
	}
}

// dumpFields writes the fields that are set. Those of an embedded Arg are written as the struct's own.
func dumpFields(b *strings.Builder, v reflect.Value, texts bool, sep *string) {
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		if f.Type() == reflect.TypeFor[Span]() {
			continue
		}
		if f.Type() == reflect.TypeFor[Arg]() && v.Type().Field(i).Anonymous {
			dumpFields(b, f, texts, sep)
			continue
		}
		if n, ok := f.Interface().(Name); ok && n.Text == "" && !n.Quoted || f.IsZero() && f.Type() != reflect.TypeFor[value.Type]() {
			continue
		}
		b.WriteString(*sep + name + " ")
		*sep = ", "
		dumpValue(b, f, texts)
	}
}
