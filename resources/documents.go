package resources

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// The bounds on a file or stream of documents.
const (
	maxStream    = 32 << 20 // bytes
	maxDocument  = 1 << 20  // bytes of one document
	maxDocuments = 20_000
)

// Document is a resource as files and the provisioning API hold it.
type Document struct {
	Kind string          `json:"kind"`
	Name string          `json:"name,omitempty"` // empty for a kind of which there is one
	Spec json.RawMessage `json:"spec"`
	// File and Line say where it began; they are empty where that is not known.
	File string `json:"-"`
	Line int    `json:"-"`
}

func (d Document) where(index int) string {
	if d.File == "" {
		return fmt.Sprintf("document %d", index+1)
	}
	return fmt.Sprintf("%s:%d", d.File, d.Line)
}

// ParseDocuments reads a stream of documents: YAML documents with the keys kind, name and spec, separated by lines of `---`; or JSON, one
// document, an array of them, or several one after the other. Unknown and repeated keys, anchors, aliases and tags are errors, and empty
// documents are passed over. The name is that of the file, for messages. Errors: *DocumentError for each bad document, joined, with the
// line of what is wrong.
func ParseDocuments(r io.Reader, name string) ([]Document, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxStream+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(text) > maxStream {
		return nil, &DocumentError{File: name, Err: fmt.Errorf("must have at most %d bytes", maxStream)}
	}
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	if !utf8.Valid(text) {
		return nil, &DocumentError{File: name, Line: lineOf(text, invalidAt(text)), Err: errors.New("must be UTF-8")}
	}
	p := &stream{file: name}
	if looksLikeJSON(text) {
		p.json(text)
	} else {
		p.yaml(string(text))
	}
	return p.docs, errors.Join(p.errs...)
}

// stream collects the documents of one file.
type stream struct {
	file string
	docs []Document
	errs []error
}

// fail notes an error of the document that would come next.
func (p *stream) fail(line int, d Document, err error) {
	if len(p.errs) < maxProblems {
		p.errs = append(p.errs, &DocumentError{Index: len(p.docs) + len(p.errs), File: p.file, Line: line, Key: Key{Kind: d.Kind, Name: d.Name}, Err: err})
	}
}

func (p *stream) add(d Document) bool {
	if len(p.docs) >= maxDocuments {
		p.fail(d.Line, d, fmt.Errorf("there may be at most %d documents", maxDocuments))
		return false
	}
	p.docs = append(p.docs, d)
	return true
}

// json reads a stream of JSON values.
func (p *stream) json(text []byte) {
	d := json.NewDecoder(bytes.NewReader(text))
	for {
		var raw json.RawMessage
		err := d.Decode(&raw)
		end := int(d.InputOffset())
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			var syntax *json.SyntaxError
			switch {
			case errors.As(err, &syntax):
				end = int(syntax.Offset)
			case errors.Is(err, io.ErrUnexpectedEOF):
				end = len(text)
			}
			p.fail(lineOf(text, end), Document{}, fmt.Errorf("is no JSON: %s", jsonError(err)))
			return
		}
		start := end - len(raw)
		if raw[0] != '[' {
			if !p.jsonDocument(raw, lineOf(text, start)) {
				return
			}
			continue
		}
		inner := json.NewDecoder(bytes.NewReader(raw))
		if _, err := inner.Token(); err != nil { // the bracket
			p.fail(lineOf(text, start), Document{}, err)
			return
		}
		line, counted := lineOf(text, start), 0
		for inner.More() {
			var one json.RawMessage
			if err := inner.Decode(&one); err != nil {
				p.fail(line, Document{}, err)
				return
			}
			at := int(inner.InputOffset()) - len(one)
			line, counted = line+bytes.Count(raw[counted:at], []byte{'\n'}), at
			if !p.jsonDocument(one, line) {
				return
			}
		}
	}
}

func (p *stream) jsonDocument(raw json.RawMessage, line int) bool {
	var doc Document
	if len(raw) > maxDocument {
		p.fail(line, doc, fmt.Errorf("a document must have at most %d bytes (got %d)", maxDocument, len(raw)))
		return true
	}
	if err := checkJSON(raw); err != nil {
		p.fail(line, doc, errors.New(strings.Replace(err.Error(), "spec: must", "a document must", 1)))
		return true
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &fields); err != nil {
		p.fail(line, doc, err)
		return true
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) { // the kind and the name first, so that errors can say them
		var err error
		value := fields[key]
		switch key {
		case "kind":
			err = json.Unmarshal(value, &doc.Kind)
		case "name":
			err = json.Unmarshal(value, &doc.Name)
		case "spec":
			var compact bytes.Buffer
			err = json.Compact(&compact, value)
			doc.Spec = compact.Bytes()
		default:
			err = errUnknownKey
		}
		if err != nil {
			p.fail(line, doc, fmt.Errorf("%s: %s", shortKey(key), jsonError(err)))
			return true
		}
	}
	doc.File, doc.Line = p.file, line
	if err := doc.check(); err != nil {
		p.fail(line, doc, err)
		return true
	}
	return p.add(doc)
}

var errUnknownKey = errors.New("is no key of a document: must be one of kind, name, spec")

// shortKey returns a key for a message.
func shortKey(key string) string {
	if len(key) > 80 || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r == '.' || r == '[' }) {
		return shown(key)
	}
	return key
}

// check looks at what every document has.
func (d *Document) check() error {
	switch {
	case d.Kind == "":
		return errors.New("kind: must be given")
	case len(d.Kind) > 63:
		return fmt.Errorf("kind: must have at most 63 characters (got %d)", len(d.Kind))
	case len(d.Name) > 4*maxName:
		return fmt.Errorf("name: must have at most %d characters (got %d bytes)", maxName, len(d.Name))
	case d.Spec == nil || string(d.Spec) == "null":
		return errors.New("spec: must be given")
	case d.Spec[0] != '{':
		return errors.New("spec: must be a mapping")
	}
	return nil
}

// looksLikeJSON says whether a text begins with a whole JSON object or array and has no line that only YAML has.
func looksLikeJSON(text []byte) bool {
	start := bytes.TrimLeft(text, " \t\r\n")
	if len(start) == 0 || start[0] != '{' && start[0] != '[' || bytes.Contains(text, []byte("\n---")) {
		return false
	}
	var raw json.RawMessage
	return json.NewDecoder(bytes.NewReader(start)).Decode(&raw) == nil
}

// lineOf returns the line, from 1, that holds a byte.
func lineOf(text []byte, offset int) int {
	return 1 + bytes.Count(text[:min(max(offset, 0), len(text))], []byte{'\n'})
}

func invalidAt(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(text)
}
