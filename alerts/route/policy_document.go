package route

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// maxNesting bounds how deep a document may be nested: routes of the deepest policy that is allowed need less.
const maxNesting = 64

// readDocument reads JSON or YAML into maps, slices and scalars. A name that is twice in one object is an error: which counts would be a guess.
func readDocument(data []byte) (any, error) {
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '{' && json.Valid(trimmed) {
		d := json.NewDecoder(bytes.NewReader(trimmed))
		d.UseNumber()
		return readJSON(d, 0)
	}
	return readYAML(string(data))
}

// readJSON reads the next value of what is valid JSON.
func readJSON(d *json.Decoder, depth int) (any, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("it is nested deeper than %d levels", maxNesting)
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		object := map[string]any{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			name, ok := key.(string)
			if !ok {
				return nil, io.ErrUnexpectedEOF
			}
			if _, twice := object[name]; twice {
				return nil, fmt.Errorf("the name %.100q is there twice in one object", name)
			}
			if object[name], err = readJSON(d, depth+1); err != nil {
				return nil, err
			}
		}
		_, err = d.Token()
		return object, err
	case json.Delim('['):
		array := []any{}
		for d.More() {
			v, err := readJSON(d, depth+1)
			if err != nil {
				return nil, err
			}
			array = append(array, v)
		}
		_, err = d.Token()
		return array, err
	}
	return t, nil
}

// readYAML looks at the tokens first, because the parser calls itself for each level and follows what it finds: anchors could make a small
// text large.
func readYAML(text string) (document any, err error) {
	defer func() {
		if p := recover(); p != nil { // of the parser: what people send must not end the server
			document, err = nil, fmt.Errorf("it cannot be read: %.100v", p)
		}
	}()
	flow, onLine, line := 0, 0, 0
	for _, t := range lexer.Tokenize(text) {
		if t.Position.Line != line {
			line, onLine = t.Position.Line, 0
		}
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType, token.DirectiveType:
			return nil, fmt.Errorf("line %d: anchors, aliases, merge keys, tags and directives are not read here", line)
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType, token.MappingKeyType:
			onLine++
		}
		// Blocks on lines of their own are indented at each level: a text of the greatest size holds too few levels to do harm.
		if flow > maxNesting || onLine > maxNesting {
			return nil, fmt.Errorf("line %d: it is nested deeper than %d levels", line, maxNesting)
		}
	}
	if err := yaml.UnmarshalWithOptions([]byte(text), &document, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%.300s", strings.SplitN(err.Error(), "\n", 2)[0])
	}
	return document, nil
}
