package scrape

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

//go:embed mappings
var builtin embed.FS

// maxMappingFile bounds one file of mappings.
const maxMappingFile = 1 << 20

// builtinOrder is the order of the built-in kinds: of two that give the same canonical series on one page, the first wins. The others follow by name.
func builtinOrder() []string {
	return []string{
		"vllm", "sglang", "triton", "trtllm", "tgi", "llama.cpp", "tensorflow-serving", "torchserve", "dynamo", "ray-serve", "kserve", "knative", "istio", "envoy", "dcgm-exporter",
	}
}

// BuiltinMappings returns the mappings that the agent carries, in their order. It returns an error only when the binary was built with a bad one.
func BuiltinMappings() ([]*Mapping, error) { return builtinMappings(canonicalMetrics()) }

func builtinMappings(metrics map[string]*canonical) ([]*Mapping, error) {
	files, err := builtin.ReadDir("mappings")
	if err != nil {
		return nil, err
	}
	var all []*Mapping
	var errs []error
	for _, f := range files {
		if path.Ext(f.Name()) != ".yaml" {
			continue
		}
		text, err := builtin.ReadFile("mappings/" + f.Name())
		if err != nil {
			return nil, err
		}
		m, err := parseMapping(f.Name(), text, metrics)
		if err == nil && slices.ContainsFunc(all, func(o *Mapping) bool { return o.Kind == m.Kind }) {
			err = fmt.Errorf("%s: kind: must be unique among the built-in mappings (got %s)", f.Name(), m.Kind)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, m)
	}
	order := builtinOrder()
	rank := func(m *Mapping) int {
		if i := slices.Index(order, m.Kind); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(all, func(a, b *Mapping) int { return rank(a) - rank(b) })
	return all, errors.Join(errs...)
}

// LoadMappings returns the built-in mappings and those of the operator's files. A file whose kind is built in takes its place; other kinds come first, in
// the order of the files, so that they win over the built-in ones. The error joins all that is wrong; each names file, line, key and value.
func LoadMappings(files []string) ([]*Mapping, error) { return loadMappings(files, canonicalMetrics()) }

func loadMappings(files []string, metrics map[string]*canonical) ([]*Mapping, error) {
	all, err := builtinMappings(metrics)
	errs := []error{err}
	var own []*Mapping
	for _, name := range files {
		info, err := os.Stat(name)
		if err == nil && info.Size() > maxMappingFile {
			err = fmt.Errorf("%s: must be at most %d bytes (got %d)", name, maxMappingFile, info.Size())
		}
		var text []byte
		if err == nil {
			text, err = os.ReadFile(name)
		}
		var m *Mapping
		if err == nil {
			m, err = parseMapping(name, text, metrics)
		}
		if err == nil {
			if i := slices.IndexFunc(own, func(o *Mapping) bool { return o.Kind == m.Kind }); i >= 0 {
				err = fmt.Errorf("%s: kind: must be unique among the files (got %s, which %s has)", name, m.Kind, own[i].file)
			}
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		own = append(own, m)
	}
	var first []*Mapping
	for _, m := range own {
		if i := slices.IndexFunc(all, func(o *Mapping) bool { return o.Kind == m.Kind }); i >= 0 {
			all[i] = m
		} else {
			first = append(first, m)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return append(first, all...), nil
}

// parseMapping reads and checks one file. name is used in messages only.
func parseMapping(name string, text []byte, metrics map[string]*canonical) (*Mapping, error) {
	if len(text) > maxMappingFile {
		return nil, fmt.Errorf("%s: must be at most %d bytes (got %d)", name, maxMappingFile, len(text))
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, yamlError(name, err)
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return nil, fmt.Errorf("%s: must hold one YAML document (got %d)", name, len(file.Docs))
	}
	plain := &plainOnly{}
	ast.Walk(plain, file.Docs[0].Body)
	if plain.bad != nil {
		return nil, fmt.Errorf("%s:%d: anchors, aliases, merge keys and tags are not read here; write the value out", name, plain.bad.GetToken().Position.Line)
	}
	m := &Mapping{file: name}
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(m); err != nil {
		return nil, decodeError(name, file, err)
	}
	c := &checker{m: m, file: file, metrics: metrics}
	c.mapping()
	return m, errors.Join(c.errs...)
}

// plainOnly finds the parts of YAML that make a small file big, or change a value's type.
type plainOnly struct{ bad ast.Node }

func (p *plainOnly) Visit(n ast.Node) ast.Visitor {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode, *ast.TagNode, *ast.DirectiveNode:
		p.bad = n
		return nil
	}
	return p
}

func yamlError(name string, err error) error {
	message := err.Error()
	var located yaml.Error
	if errors.As(err, &located) {
		message = located.GetMessage()
		if t := located.GetToken(); t != nil && t.Position != nil {
			name = fmt.Sprintf("%s:%d", name, t.Position.Line)
		}
	}
	first, _, _ := strings.Cut(message, "\n")
	return fmt.Errorf("%s: %s", name, first)
}
