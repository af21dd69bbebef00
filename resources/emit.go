package resources

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"
)

// WriteDocuments writes documents as YAML that ParseDocuments reads as the same, in their order and with the keys of their specs in theirs.
// Equal documents give equal bytes. Errors: of a spec that is no JSON object, and of w.
func WriteDocuments(w io.Writer, docs []Document) error {
	for i, d := range docs {
		e := &emitter{}
		if i > 0 {
			e.out.WriteString("---\n")
		}
		e.out.WriteString("kind: ")
		e.scalar(d.Kind, 0)
		if d.Name != "" {
			e.out.WriteString("name: ")
			e.scalar(d.Name, 0)
		}
		if err := checkJSON(d.Spec); err != nil {
			return fmt.Errorf("%s: %w", Key{d.Kind, d.Name}, err)
		}
		dec := json.NewDecoder(bytes.NewReader(d.Spec))
		dec.UseNumber()
		e.out.WriteString("spec:")
		if err := e.next(dec, 1, false); err != nil {
			return fmt.Errorf("%s: %w", Key{d.Kind, d.Name}, err)
		}
		if _, err := w.Write(e.out.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// emitter writes JSON tokens as YAML in block style.
type emitter struct{ out bytes.Buffer }

// next writes the next value after "key:" or "-" and ends its line. The entries of a mapping in a list begin on the line of the hyphen.
func (e *emitter) next(d *json.Decoder, indent int, inList bool) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case json.Delim:
		if !d.More() {
			_, err := d.Token()
			if t == '{' {
				e.out.WriteString(" {}\n")
			} else {
				e.out.WriteString(" []\n")
			}
			return err
		}
		if t == '{' {
			err = e.mapping(d, indent, inList)
		} else {
			err = e.list(d, indent)
		}
		if err != nil {
			return err
		}
		_, err = d.Token()
		return err
	case string:
		e.out.WriteByte(' ')
		e.scalar(t, indent)
	case json.Number:
		fmt.Fprintf(&e.out, " %s\n", t)
	case bool:
		fmt.Fprintf(&e.out, " %t\n", t)
	default:
		e.out.WriteString(" null\n")
	}
	return nil
}

func (e *emitter) mapping(d *json.Decoder, indent int, inList bool) error {
	if !inList {
		e.out.WriteByte('\n')
	}
	for first := true; d.More(); first = false {
		t, err := d.Token()
		if err != nil {
			return err
		}
		if first && inList {
			e.out.WriteByte(' ')
		} else {
			e.spaces(indent)
		}
		key, _ := t.(string)
		e.out.WriteString(word(key))
		e.out.WriteByte(':')
		if err := e.next(d, indent+1, false); err != nil {
			return err
		}
	}
	return nil
}

func (e *emitter) list(d *json.Decoder, indent int) error {
	e.out.WriteByte('\n')
	for d.More() {
		e.spaces(indent)
		e.out.WriteByte('-')
		if err := e.next(d, indent+1, true); err != nil {
			return err
		}
	}
	return nil
}

func (e *emitter) spaces(indent int) { e.out.WriteString(strings.Repeat("  ", indent)) }

// scalar writes a text and ends its line. Texts of several lines, such as queries, stay readable.
func (e *emitter) scalar(text string, indent int) {
	if !literal(text) {
		e.out.WriteString(word(text) + "\n")
		return
	}
	body, end := strings.CutSuffix(text, "\n")
	if end {
		e.out.WriteString("|\n")
	} else {
		e.out.WriteString("|-\n")
	}
	for line := range strings.SplitSeq(body, "\n") {
		if line != "" {
			e.spaces(max(indent, 1))
			e.out.WriteString(line)
		}
		e.out.WriteByte('\n')
	}
}

// literal says whether a text can stand as it is, line by line: it has several, none begins or ends with white space where that could be
// read in another way, and it ends with at most one line feed.
func literal(text string) bool {
	body := strings.TrimSuffix(text, "\n")
	if !strings.Contains(body, "\n") || strings.HasPrefix(body, "\n") || strings.HasPrefix(body, " ") || strings.HasSuffix(body, "\n") {
		return false
	}
	for line := range strings.SplitSeq(body, "\n") {
		if strings.TrimRight(line, " ") != line || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) || r == '\uFEFF' }) {
			return false
		}
	}
	return true
}

var (
	plainWord = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./-]*( [A-Za-z0-9_./%()-]+)*$`)
	reserved  = regexp.MustCompile(`(?i)^(y|yes|n|no|true|false|on|off|null|nan|inf)$`)
)

// word returns a text on one line: as it is where no reader of YAML takes it for something else, otherwise in double quotes.
func word(text string) string {
	if plainWord.MatchString(text) && !reserved.MatchString(text) {
		return text
	}
	return string(appendText(nil, text))
}

// appendText appends a text in double quotes as both JSON and YAML read it: what is printable stands as it is.
func appendText(out []byte, text string) []byte {
	out = append(out, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r == '\n':
			out = append(out, `\n`...)
		case r == '\t':
			out = append(out, `\t`...)
		case r == '\r':
			out = append(out, `\r`...)
		case r < ' ' || r == 0x7f || r < 0x10000 && !unicode.IsPrint(r):
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = append(out, string(r)...)
		}
	}
	return append(out, '"')
}
