package conf

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// position is where a key's value stands in the file; both numbers count from 1.
type position struct{ line, column int }

// decoder reads one YAML file into a struct, strictly, and collects every error instead of stopping at the first.
type decoder struct {
	file string
	pos  map[string]position // by key, of everything that the file holds
	text map[string]string   // by key, of single values, as written
	all  []string            // every key that exists, for suggestions
	errs []*Error
}

// decode reads data into v, a settable struct. What cannot be read is left as it was and reported.
func (d *decoder) decode(v reflect.Value, data []byte) {
	for _, l := range leaves(v.Type(), "", nil) {
		d.all = append(d.all, l.key)
	}
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.parseError("", position{1, 1}, err)
		return
	}
	refused := &refuser{d: d}
	for i, doc := range file.Docs {
		if i > 0 && doc.Body != nil {
			d.add("", at(doc.Body), "", "only one YAML document is allowed in a file")
			return
		}
		if doc.Body != nil {
			ast.Walk(refused, doc.Body)
		}
	}
	if len(d.errs) > 0 || len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return
	}
	d.value(v, file.Docs[0].Body, "")
	slices.SortStableFunc(d.errs, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// refuser reports the parts of YAML that would let two places of a file change one value, or a value change its type.
type refuser struct{ d *decoder }

func (r *refuser) Visit(n ast.Node) ast.Visitor {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		r.d.add("", at(n), "", "anchors, aliases and merge keys are not read here; write the value out")
		return nil
	case *ast.TagNode, *ast.DirectiveNode:
		r.d.add("", at(n), "", "tags and directives are not read here; write the plain value")
		return nil
	}
	return r
}

func (d *decoder) add(key string, p position, value, bound string) {
	d.errs = append(d.errs, &Error{File: d.file, Line: p.line, Column: p.column, Key: key, Value: value, Bound: bound})
}

// parseError reports an error of the YAML library, at the token that it blames where it names one.
func (d *decoder) parseError(key string, p position, err error) {
	bound := err.Error()
	var located yaml.Error
	if errors.As(err, &located) {
		bound = located.GetMessage()
		if t := located.GetToken(); t != nil && t.Position != nil {
			p = position{t.Position.Line, t.Position.Column}
		}
	}
	first, _, _ := strings.Cut(bound, "\n")
	d.add(key, p, "", first)
}

func (d *decoder) value(v reflect.Value, n ast.Node, key string) {
	if key != "" {
		d.pos[key] = at(n)
	}
	t := v.Type()
	switch {
	case isScalar(t):
		d.scalar(v, n, key)
	case t.Kind() == reflect.Pointer:
		target := reflect.New(t.Elem())
		d.value(target.Elem(), n, key)
		v.Set(target)
	case isCustom(t):
		target := reflect.New(t)
		if err := yaml.NodeToValue(n, target.Interface(), yaml.Strict()); err != nil {
			d.parseError(key, at(n), err)
			return
		}
		v.Set(target.Elem())
	case t.Kind() == reflect.Struct:
		d.section([]reflect.Value{v}, n, key)
	case t.Kind() == reflect.Slice:
		d.list(v, n, key)
	case t.Kind() == reflect.Map:
		d.mapping(v, n, key)
	default:
		d.add(key, at(n), "", fmt.Sprintf("cannot be read into a %s", t))
	}
}

func (d *decoder) scalar(v reflect.Value, n ast.Node, key string) {
	text, kind := scalarText(n)
	switch kind {
	case nullScalar:
		d.add(key, at(n), "", "has no value; leave the key out for the default")
		return
	case notScalar:
		d.add(key, at(n), "", "must be a single value, not a list or a section")
		return
	}
	d.text[key] = text
	t := v.Type()
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	isWord := isText(t) || t == durationType
	err := setText(v, text)
	if t.Kind() == reflect.String && !isWord && kind != textScalar {
		err = errors.New("must be text; put it in quotes")
	}
	if err == nil && t.Kind() != reflect.String && !isWord && isQuoted(n) {
		err = fmt.Errorf("must be a %s, without quotes", typeName(t))
	}
	if err != nil {
		d.add(key, at(n), quoteEmpty(text), err.Error())
	}
}

// section reads a mapping into structs that share it: two structs may each own keys of one section.
func (d *decoder) section(parts []reflect.Value, n ast.Node, key string) {
	if key != "" {
		d.pos[key] = at(n)
	}
	entries, ok := entriesOf(n)
	if !ok {
		d.add(key, at(n), "", "must be a section of `key: value` lines")
		return
	}
	groups := grouped(parts)
	seen := map[string]position{}
	for _, e := range entries {
		name := keyText(e.Key)
		full := join(key, name)
		p := at(e.Key)
		if first, twice := seen[name]; twice {
			d.add(full, p, "", fmt.Sprintf("is set twice; first on line %d", first.line))
			continue
		}
		seen[name] = p
		i := slices.IndexFunc(groups, func(g group) bool { return g.name == name })
		switch {
		case i < 0:
			d.unknown(full, p, key, groups)
		case isSection(groups[i].typ):
			d.section(groups[i].values, e.Value, full)
		default:
			d.value(groups[i].values[0], e.Value, full)
		}
	}
}

func (d *decoder) unknown(full string, p position, section string, fields []group) {
	siblings := make([]string, 0, len(fields))
	for _, m := range fields {
		siblings = append(siblings, join(section, m.name))
	}
	near := Suggest(full, siblings)
	if near == "" {
		near = Suggest(full, d.all)
	}
	bound := "unknown key"
	if near != "" {
		bound += "; did you mean " + near + "?"
	}
	d.add(full, p, "", bound)
}

func (d *decoder) list(v reflect.Value, n ast.Node, key string) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		text, _ := scalarText(n)
		d.add(key, at(n), text, "must be a list; write [] for none")
		return
	}
	out := reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values))
	for i, item := range seq.Values {
		d.value(out.Index(i), item, fmt.Sprintf("%s[%d]", key, i))
	}
	v.Set(out)
}

func (d *decoder) mapping(v reflect.Value, n ast.Node, key string) {
	entries, ok := entriesOf(n)
	if !ok || v.Type().Key().Kind() != reflect.String {
		d.add(key, at(n), "", "must be a section of `name: value` lines")
		return
	}
	out := reflect.MakeMapWithSize(v.Type(), len(entries))
	for _, e := range entries {
		name := keyText(e.Key)
		k := reflect.ValueOf(name).Convert(v.Type().Key())
		if out.MapIndex(k).IsValid() {
			d.add(join(key, name), at(e.Key), "", "is set twice")
			continue
		}
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(item, e.Value, join(key, name))
		out.SetMapIndex(k, item)
	}
	v.Set(out)
}

func isQuoted(n ast.Node) bool {
	t := n.GetToken()
	return t != nil && (t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType)
}

func join(section, name string) string {
	if section == "" {
		return name
	}
	return section + "." + name
}

func quoteEmpty(text string) string {
	if text == "" {
		return `""`
	}
	return text
}

func at(n ast.Node) position {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
		return at(m.Values[0].Key)
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		return at(m.Key)
	}
	t := n.GetToken()
	if t == nil || t.Position == nil {
		return position{1, 1}
	}
	return position{t.Position.Line, t.Position.Column}
}

// entriesOf returns the pairs of a mapping; nothing at all counts as an empty one, so that a section whose keys are all
// commented out is still a section.
func entriesOf(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	case *ast.NullNode:
		return nil, true
	}
	return nil, false
}

func keyText(k ast.MapKeyNode) string {
	if s, ok := k.(*ast.StringNode); ok {
		return s.Value
	}
	if t := k.GetToken(); t != nil {
		return t.Value
	}
	return k.String()
}

type scalarKind int

const (
	notScalar scalarKind = iota
	nullScalar
	textScalar  // a string, quoted or plain
	plainScalar // a number or a boolean
)

// scalarText returns a scalar's text as the operator wrote it, without quotes.
func scalarText(n ast.Node) (string, scalarKind) {
	switch n := n.(type) {
	case *ast.NullNode:
		return "", nullScalar
	case *ast.StringNode:
		return n.Value, textScalar
	case *ast.LiteralNode:
		return n.Value.Value, textScalar
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, plainScalar
	}
	return "", notScalar
}
