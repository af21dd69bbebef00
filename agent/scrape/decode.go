package scrape

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// decodeError says which line, key and value of the file cannot be what the mapping needs. Where the parser does not tell a value's place, it says what the parser says.
func decodeError(name string, file *ast.File, err error) error {
	var bound string
	var at *token.Token
	var typ *yaml.TypeError
	var node *yaml.UnexpectedNodeTypeError
	switch {
	case errors.As(err, &typ):
		bound, at = wanted(typ.DstType), typ.Token
	case errors.As(err, &node):
		at, bound = node.Token, "must be keys and values"
		if node.Expected == ast.SequenceType {
			bound = "must be a list"
		}
	}
	if at == nil || at.Position == nil {
		return yamlError(name, err)
	}
	found := &nodeAt{offset: at.Position.Offset}
	ast.Walk(found, file.Docs[0].Body)
	if found.node == nil {
		return yamlError(name, err)
	}
	key := strings.TrimPrefix(found.node.GetPath(), "$.")
	if key == "$" {
		key = "the file"
	}
	return fmt.Errorf("%s:%d: %s: %s (got %s)", name, at.Position.Line, key, bound, shortened(found.node.String()))
}

// wanted says what a value of the type is in YAML.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Float64:
		return "must be a number"
	case reflect.Bool:
		return "must be true or false"
	case reflect.String:
		return "must be a text"
	case reflect.Slice:
		return "must be a list"
	}
	return "must be keys and values"
}

// shortened returns the beginning of a value for a message, on one line.
func shortened(value string) string {
	const most = 40
	runes := []rune(strings.Join(strings.Fields(value), " "))
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(runes)
}

// nodeAt finds the outermost value whose text begins at offset.
type nodeAt struct {
	offset int
	node   ast.Node
}

func (f *nodeAt) Visit(n ast.Node) ast.Visitor {
	if f.node != nil {
		return nil
	}
	if _, entry := n.(*ast.MappingValueNode); !entry {
		if t := n.GetToken(); t != nil && t.Position != nil && t.Position.Offset == f.offset {
			f.node = n
			return nil
		}
	}
	return f
}
