package conf

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"
)

const commentWidth = 110 // columns, of a comment line with its indentation

// WriteYAML writes a configuration with every key, each under its help as a comment. Load reads it back to the same value.
func (l *Loader[T]) WriteYAML(w io.Writer, cfg T) error {
	var b bytes.Buffer
	if err := renderSection(&b, []reflect.Value{reflect.ValueOf(cfg)}, ""); err != nil {
		return err
	}
	_, err := w.Write(bytes.TrimLeft(b.Bytes(), "\n"))
	return err
}

func renderSection(b *bytes.Buffer, parts []reflect.Value, indent string) error {
	for _, m := range grouped(parts) {
		field := m.values[0]
		if isSection(m.typ) {
			b.WriteString("\n")
			comment(b, m.help, indent)
			fmt.Fprintf(b, "%s%s:\n", indent, m.name)
			if err := renderSection(b, m.values, indent+"  "); err != nil {
				return err
			}
			continue
		}
		comment(b, m.help, indent)
		if isScalar(m.typ) || isFlagList(m.typ) || field.IsZero() || (field.Kind() == reflect.Slice || field.Kind() == reflect.Map) && field.Len() == 0 {
			fmt.Fprintf(b, "%s%s: %s\n", indent, m.name, inline(field))
			continue
		}
		text, err := yaml.MarshalWithOptions(field.Interface(), yaml.IndentSequence(false))
		if err != nil {
			return fmt.Errorf("render %s: %w", m.name, err)
		}
		fmt.Fprintf(b, "%s%s:\n", indent, m.name)
		for line := range strings.Lines(string(text)) {
			b.WriteString(indent + "  " + line)
		}
	}
	return nil
}

// inline writes a value on one line of YAML.
func inline(v reflect.Value) string {
	t := v.Type()
	switch {
	case isScalar(t):
		text := formatScalar(v)
		if t.Kind() == reflect.String || isText(t) {
			if t == bytesType {
				return text
			}
			return quote(text)
		}
		return text
	case t.Kind() == reflect.Slice && v.Len() == 0:
		return "[]"
	case isFlagList(t):
		words := make([]string, v.Len())
		for i := range words {
			words[i] = inline(v.Index(i))
		}
		return "[" + strings.Join(words, ", ") + "]"
	case v.IsZero(), t.Kind() == reflect.Map && v.Len() == 0:
		return "{}"
	}
	text, err := yaml.MarshalWithOptions(v.Interface(), yaml.Flow(true))
	if err != nil {
		return "…"
	}
	return strings.TrimSpace(string(text))
}

// quote writes text so that YAML reads it as text, also inside a flow list, with quotes only where they are needed.
func quote(text string) string {
	plain := text != "" && !strings.ContainsAny(text, " \t\n,[]{}#&*!|>'\"%@`?\\") && !strings.HasSuffix(text, ":")
	if plain {
		var back any
		if err := yaml.Unmarshal([]byte(text), &back); err == nil && back == any(text) {
			return text
		}
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.QuoteToASCII(text)
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

func comment(b *bytes.Buffer, help, indent string) {
	line := indent + "#"
	for word := range strings.FieldsSeq(help) {
		if len(line)+1+len(word) > commentWidth {
			b.WriteString(line + "\n")
			line = indent + "#"
		}
		line += " " + word
	}
	if line != indent+"#" {
		b.WriteString(line + "\n")
	}
}

// WriteMarkdown writes a table of every key: flag, type, default and meaning.
func (l *Loader[T]) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString("| key | flag | type | default | meaning |\n|---|---|---|---|---|\n")
	for _, f := range l.Fields() {
		flag := "file only"
		if f.Flag != "" {
			flag = "`--" + f.Flag + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | `%s` | %s |\n", f.Key, flag, f.Type, f.Default, strings.ReplaceAll(f.Help, "|", "\\|"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
