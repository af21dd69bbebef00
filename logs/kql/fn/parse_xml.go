package fn

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

const (
	maxXML      = 1 << 20 // bytes, as the language says
	maxXMLDepth = 256
)

var errXML = errors.New("no XML")

// parseXMLFunctions read XML.
func parseXMLFunctions() []Scalar {
	return []Scalar{
		textFunction("parse_xml(xml: string): dynamic", "Returns an XML document as a bag: attributes under @name, text beside them under #text; null where it is none or longer than 1 MiB.",
			func(s string) value.Value {
				if len(s) > maxXML {
					return nil
				}
				v, err := parseXML(s)
				if err != nil {
					return nil
				}
				return v
			}),
	}
}

// xmlReader checks by itself that tags match: the decoder's own check would lose the prefixes of names.
type xmlReader struct {
	d *xml.Decoder
}

func parseXML(s string) (value.Value, error) {
	d := xml.NewDecoder(strings.NewReader(s))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // the text is UTF-8 whatever it says of itself
	r := xmlReader{d}
	out := &value.Bag{}
	for {
		t, err := r.d.RawToken()
		if err == io.EOF {
			if out.Len() == 0 {
				return nil, errXML
			}
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if out.Len() > 0 {
				return nil, errXML
			}
			v, err := r.element(t, 0)
			if err != nil {
				return nil, err
			}
			out.Set(xmlName(t.Name), v)
		case xml.EndElement:
			return nil, errXML
		case xml.CharData:
			if strings.TrimSpace(string(t)) != "" {
				return nil, errXML
			}
		}
	}
}

// element reads to the end of an element and returns its value: null, its text, or a bag.
func (r *xmlReader) element(start xml.StartElement, depth int) (value.Value, error) {
	if depth > maxXMLDepth {
		return nil, errXML
	}
	b := &value.Bag{}
	for _, a := range start.Attr {
		b.Set("@"+xmlName(a.Name), a.Value)
	}
	var text strings.Builder
	var names []string
	children := map[string]value.Array{}
	for {
		t, err := r.d.RawToken()
		if err != nil {
			return nil, errXML
		}
		switch t := t.(type) {
		case xml.StartElement:
			v, err := r.element(t, depth+1)
			if err != nil {
				return nil, err
			}
			name := xmlName(t.Name)
			if children[name] == nil {
				names = append(names, name)
			}
			children[name] = append(children[name], v)
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			if t.Name != start.Name {
				return nil, errXML
			}
			trimmed := strings.TrimSpace(text.String())
			if b.Len() == 0 && names == nil {
				return xmlText(trimmed), nil
			}
			if trimmed != "" {
				b.Set("#text", xmlText(trimmed))
			}
			for _, name := range names {
				if c := children[name]; len(c) == 1 {
					b.Set(name, c[0])
				} else {
					b.Set(name, c)
				}
			}
			return b, nil
		}
	}
}

// xmlText returns text as a number where it is one and nothing is lost by that.
func xmlText(s string) value.Value {
	if s == "" {
		return nil
	}
	if c := s[0]; c == '-' || isDigit(c) {
		if v, ok := value.ParseJSON(s); ok {
			if _, whole := v.(int64); whole || len(s) <= 15 {
				return v
			}
		}
	}
	return s
}

func xmlName(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}
