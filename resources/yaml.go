package resources

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// yaml reads a stream of YAML documents. It is cut at the lines that separate documents, which YAML allows nowhere else, so that each
// document is bounded and one that is bad leaves the others readable.
func (p *stream) yaml(text string) {
	line, start := 1, 1
	var doc strings.Builder
	for rest := text; rest != ""; line++ {
		var one string
		if i := strings.IndexByte(rest, '\n'); i >= 0 {
			one, rest = rest[:i+1], rest[i+1:]
		} else {
			one, rest = rest, ""
		}
		mark, after := separator(one)
		if !mark {
			doc.WriteString(one)
			continue
		}
		if !p.yamlDocument(doc.String(), start) {
			return
		}
		doc.Reset()
		doc.WriteString(after)
		start = line
	}
	p.yamlDocument(doc.String(), start)
}

// separator says whether a line separates documents, and returns what of it belongs to the next one.
func separator(line string) (mark bool, after string) {
	bare := strings.TrimRight(line, " \t\r\n")
	if bare == "---" || bare == "..." {
		return true, "\n"
	}
	if strings.HasPrefix(line, "--- ") || strings.HasPrefix(line, "---\t") {
		return true, "   " + line[3:]
	}
	return false, ""
}

// yamlDocument reads one document that begins at a line. It returns false when there were too many.
func (p *stream) yamlDocument(text string, line int) bool {
	if len(text) > maxDocument {
		p.fail(line, Document{}, fmt.Errorf("a document must have at most %d bytes (got %d)", maxDocument, len(text)))
		return true
	}
	if strings.TrimSpace(text) == "" {
		return true
	}
	doc := Document{File: p.file, Line: line}
	body, err := parseYAML(text)
	if err == nil && body == nil {
		return true // comments only
	}
	if err == nil {
		err = doc.fill(body, line)
	}
	if err == nil {
		err = doc.check()
	}
	if err != nil {
		at := doc.Line
		var bad *yamlError
		if errors.As(err, &bad) && bad.line > 0 {
			at, err = line+bad.line-1, bad.err
		}
		p.fail(at, doc, err)
		return true
	}
	return p.add(doc)
}

// yamlError is an error at a line of one document, from 1; 0 is not known.
type yamlError struct {
	line int
	err  error
}

func (e *yamlError) Error() string { return e.err.Error() }

func at(n ast.Node, format string, args ...any) error {
	return &yamlError{line: nodeLine(n), err: fmt.Errorf(format, args...)}
}

func nodeLine(n ast.Node) int {
	if n == nil {
		return 0
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

// parseYAML returns the body of one document, or nil where it holds nothing. The tokens are looked at first, because the parser calls
// itself for each level and follows what it finds.
func parseYAML(text string) (body ast.Node, err error) {
	defer func() {
		if r := recover(); r != nil { // of the parser: what people send must not end the server
			body, err = nil, fmt.Errorf("is no YAML: %v", r)
		}
	}()
	tokens := lexer.Tokenize(text)
	if err := checkTokens(tokens); err != nil {
		return nil, err
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) && syntax.Token != nil && syntax.Token.Position != nil {
			return nil, &yamlError{line: syntax.Token.Position.Line, err: fmt.Errorf("is no YAML: %s", syntax.Message)}
		}
		return nil, fmt.Errorf("is no YAML: %w", err)
	}
	for _, d := range file.Docs {
		if d.Body == nil {
			continue
		}
		if _, comment := d.Body.(*ast.CommentGroupNode); comment {
			continue
		}
		if body != nil {
			return nil, at(d.Body, "is no YAML: there are two documents without a line of --- between them")
		}
		body = d.Body
	}
	return body, nil
}

// checkTokens refuses what a document must not hold, and nesting that a parser could not bear.
func checkTokens(tokens token.Tokens) error {
	flow, onLine, line := 0, 0, 0
	for _, t := range tokens {
		fail := func(format string, args ...any) error {
			return &yamlError{line: t.Position.Line, err: fmt.Errorf(format, args...)}
		}
		if t.Position.Line != line {
			line, onLine = t.Position.Line, 0
		}
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			return fail("anchors, aliases and merge keys are not allowed here (got %s)", shown(t.Value))
		case token.TagType:
			return fail("tags are not allowed here (got %s)", shown(t.Value))
		case token.DirectiveType:
			return fail("directives are not allowed here")
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType, token.MappingKeyType:
			onLine++
		}
		if flow > maxDepth || onLine > maxDepth {
			return fail("is nested deeper than %d levels", maxDepth)
		}
	}
	return nil
}

// fill reads the keys of a document.
func (d *Document) fill(body ast.Node, line int) error {
	entries, ok := entriesOf(body)
	if !ok {
		return at(body, "must be a mapping with the keys kind, name and spec")
	}
	if l := nodeLine(body); l > 0 && len(entries) > 0 {
		d.Line = line + nodeLine(entries[0].Key) - 1
	}
	for _, e := range entries { // the kind and the name first, so that errors can say them
		switch e.Key.String() {
		case "kind":
			d.Kind, _ = textOf(e.Value)
		case "name":
			d.Name, _ = textOf(e.Value)
		}
	}
	c := &converter{}
	seen := map[string]bool{}
	for _, e := range entries {
		key, err := keyOf(e)
		if err != nil {
			return err
		}
		if seen[key] {
			return at(e.Key, "%s: is given twice", shortKey(key))
		}
		seen[key] = true
		switch key {
		case "kind", "name":
			if text, ok := textOf(e.Value); !ok || text == "" {
				return at(e.Key, "%s: must be a text", key)
			}
		case "spec":
			if err := c.value(e.Value, "", 0); err != nil {
				return err
			}
			d.Spec = json.RawMessage(c.out)
		default:
			return at(e.Key, "%s: %w", shortKey(key), errUnknownKey)
		}
	}
	return nil
}

// entriesOf returns the entries of a mapping.
func entriesOf(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// keyOf returns the key of an entry; numbers and other scalars are the text that they are written as.
func keyOf(e *ast.MappingValueNode) (string, error) {
	switch k := e.Key.(type) {
	case *ast.StringNode:
		return k.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return e.Key.GetToken().Value, nil
	}
	return "", at(e.Key, "a key must be a text")
}

// textOf returns a text. A number in the place of a name is one, too.
func textOf(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// converter writes YAML as JSON.
type converter struct{ out []byte }

func (c *converter) value(n ast.Node, path string, depth int) error {
	if depth > maxDepth {
		return at(n, "%s: is nested deeper than %d levels", or(path, "spec"), maxDepth)
	}
	if entries, ok := entriesOf(n); ok {
		return c.mapping(entries, path, depth)
	}
	switch n := n.(type) {
	case *ast.SequenceNode:
		c.out = append(c.out, '[')
		for i, v := range n.Values {
			if i > 0 {
				c.out = append(c.out, ',')
			}
			if err := c.value(v, fmt.Sprintf("%s[%d]", path, i), depth+1); err != nil {
				return err
			}
		}
		c.out = append(c.out, ']')
	case *ast.StringNode:
		if n.Token.Type == token.StringType && number.MatchString(n.Value) {
			return c.number(n, n.Value, path) // the parser knows no 1e3 and no integer of more than 64 bits
		}
		c.text(n.Value)
	case *ast.LiteralNode:
		c.text(n.Value.Value)
	case *ast.BoolNode:
		c.out = strconv.AppendBool(c.out, n.Value)
	case *ast.NullNode:
		c.out = append(c.out, "null"...)
	case *ast.IntegerNode:
		text := n.GetToken().Value
		if octal.MatchString(text) {
			return at(n, "%s: is a number that begins with 0, which some read as octal: write 0o… for that, and quotes for a text (got %s)", or(path, "spec"), shown(text))
		}
		if !number.MatchString(text) {
			text = fmt.Sprint(n.Value) // hexadecimal and others
		}
		return c.number(n, text, path)
	case *ast.FloatNode:
		text := strings.TrimSpace(n.GetToken().Value)
		if !number.MatchString(text) {
			text = strconv.FormatFloat(n.Value, 'g', -1, 64)
		}
		return c.number(n, text, path)
	case nil:
		c.out = append(c.out, "null"...)
	default:
		return at(n, "%s: must be a text, a number, true, false, null, a list or a mapping (got %s)", or(path, "spec"), shown(n.GetToken().Value))
	}
	return nil
}

var (
	number = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`) // as JSON has it
	octal  = regexp.MustCompile(`^[-+]?0[0-9_]+$`)
)

// number keeps the digits that were written.
func (c *converter) number(n ast.Node, text, path string) error {
	if _, err := strconv.ParseFloat(text, 64); err != nil || !number.MatchString(text) {
		return at(n, "%s: is no number that fits (got %s)", or(path, "spec"), shown(text))
	}
	c.out = append(c.out, text...)
	return nil
}

func (c *converter) mapping(entries []*ast.MappingValueNode, path string, depth int) error {
	c.out = append(c.out, '{')
	seen := map[string]bool{}
	for i, e := range entries {
		key, err := keyOf(e)
		if err != nil {
			return err
		}
		below := strings.TrimPrefix(path+"."+shortKey(key), ".")
		if seen[key] {
			return at(e.Key, "%s: is given twice", below)
		}
		seen[key] = true
		if i > 0 {
			c.out = append(c.out, ',')
		}
		c.text(key)
		c.out = append(c.out, ':')
		if err := c.value(e.Value, below, depth+1); err != nil {
			return err
		}
	}
	c.out = append(c.out, '}')
	return nil
}

func (c *converter) text(s string) { c.out = appendText(c.out, s) }
