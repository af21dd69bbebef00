package ingest

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

// maxOTLPDepth bounds how deep values may lie in values. The decoder behind recurses without a bound, and a body of a few MiB would
// exhaust its stack, which ends a process.
const maxOTLPDepth = 64

// DecodeOTLP reads an ExportMetricsServiceRequest. The metrics do not refer to the body. It returns a Malformed *Error for anything else.
func DecodeOTLP(body []byte, json bool) (pmetric.Metrics, error) {
	req := pmetricotlp.NewExportRequest()
	var err error
	if json {
		if err = jsonDepth(body); err == nil {
			err = req.UnmarshalJSON(body)
		}
	} else {
		if err = protoDepth(body, otlpRequest, 0); err == nil {
			err = req.UnmarshalProto(body)
		}
	}
	if err != nil {
		return pmetric.Metrics{}, malformed("OTLP metrics: %s", err)
	}
	return req.Metrics(), nil
}

// jsonDepth returns an error if objects and arrays lie too deep in each other.
func jsonDepth(body []byte) error {
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			// The way to an attribute's value has about 16 levels; each value below has two or three.
			if depth++; depth > 16+3*maxOTLPDepth {
				return fmt.Errorf("values are nested more than %d deep", maxOTLPDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// otlpMessage is a message of OTLP as far as values can lie below it: its fields by number.
type otlpMessage struct {
	fields map[uint32]*otlpMessage
}

// otlpKeyValue is the schema of KeyValue, which leads to every AnyValue.
var otlpKeyValue = func() *otlpMessage {
	anyValue, keyValue := &otlpMessage{}, &otlpMessage{}
	keyValue.fields = map[uint32]*otlpMessage{2: anyValue}
	anyValue.fields = map[uint32]*otlpMessage{
		5: {map[uint32]*otlpMessage{1: anyValue}}, // ArrayValue
		6: {map[uint32]*otlpMessage{1: keyValue}}, // KeyValueList
	}
	return keyValue
}()

// otlpRequest is the schema of ExportMetricsServiceRequest, opentelemetry-proto 1.x.
var otlpRequest = func() *otlpMessage {
	message := func(fields map[uint32]*otlpMessage) *otlpMessage { return &otlpMessage{fields} }
	keyValue := otlpKeyValue
	exemplar := message(map[uint32]*otlpMessage{7: keyValue})
	points := func(fields map[uint32]*otlpMessage) *otlpMessage {
		return message(map[uint32]*otlpMessage{1: message(fields)})
	}
	number := points(map[uint32]*otlpMessage{7: keyValue, 5: exemplar})
	metric := message(map[uint32]*otlpMessage{
		5: number, 7: number, // gauge, sum
		9:  points(map[uint32]*otlpMessage{9: keyValue, 8: exemplar}),  // histogram
		10: points(map[uint32]*otlpMessage{1: keyValue, 11: exemplar}), // exponential histogram
		11: points(map[uint32]*otlpMessage{7: keyValue}),               // summary
		12: keyValue,                                                   // metadata
	})
	return message(map[uint32]*otlpMessage{1: message(map[uint32]*otlpMessage{ // ResourceMetrics
		1: message(map[uint32]*otlpMessage{1: keyValue}), // Resource
		2: message(map[uint32]*otlpMessage{ // ScopeMetrics
			1: message(map[uint32]*otlpMessage{3: keyValue}), // InstrumentationScope
			2: metric,
		}),
	})})
}()

// protoDepth returns an error if messages lie too deep in each other. What is malformed is left to the decoder.
func protoDepth(msg []byte, schema *otlpMessage, depth int) error {
	if depth > 8+2*maxOTLPDepth { // a value in a value is two messages
		return fmt.Errorf("values are nested more than %d deep", maxOTLPDepth)
	}
	for len(msg) > 0 {
		f, rest, err := next(msg)
		if err != nil {
			return err
		}
		msg = rest
		if f.typ != wireBytes {
			continue
		}
		if below := schema.fields[f.num]; below != nil {
			if err := protoDepth(f.bytes, below, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
