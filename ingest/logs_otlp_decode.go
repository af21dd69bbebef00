package ingest

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

// DecodeOTLPLogs reads an ExportLogsServiceRequest. The logs do not refer to the body. It returns a Malformed *Error for anything else.
func DecodeOTLPLogs(body []byte, json bool) (plog.Logs, error) {
	req := plogotlp.NewExportRequest()
	var err error
	if json {
		if err = jsonDepth(body); err == nil {
			err = req.UnmarshalJSON(body)
		}
	} else {
		if err = protoDepth(body, otlpLogsRequest, 0); err == nil {
			err = req.UnmarshalProto(body)
		}
	}
	if err != nil {
		return plog.Logs{}, malformed("OTLP logs: %s", err)
	}
	return req.Logs(), nil
}

// otlpLogsRequest is the schema of ExportLogsServiceRequest, opentelemetry-proto 1.x, as far as values can lie below it.
var otlpLogsRequest = &otlpMessage{map[uint32]*otlpMessage{1: {map[uint32]*otlpMessage{ // ResourceLogs
	1: {map[uint32]*otlpMessage{1: otlpKeyValue}}, // Resource
	2: {map[uint32]*otlpMessage{ // ScopeLogs
		1: {map[uint32]*otlpMessage{3: otlpKeyValue}}, // InstrumentationScope
		2: {map[uint32]*otlpMessage{ // LogRecord
			5: otlpKeyValue.fields[2], // body
			6: otlpKeyValue,
		}},
	}},
}}}}

// appendOTLPValue appends a value as JSON and returns how deep objects and arrays lie in it. Numbers that JSON lacks become text, and
// bytes become base64, as in OTLP's own JSON.
func appendOTLPValue(dst []byte, v pcommon.Value) (_ []byte, depth int) {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return appendJSONText(dst, v.Str()), 0
	case pcommon.ValueTypeBool:
		return strconv.AppendBool(dst, v.Bool()), 0
	case pcommon.ValueTypeInt:
		return strconv.AppendInt(dst, v.Int(), 10), 0
	case pcommon.ValueTypeDouble:
		return appendOTLPDouble(dst, v.Double()), 0
	case pcommon.ValueTypeBytes:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, v.Bytes().AsRaw())
		return append(dst, '"'), 0
	case pcommon.ValueTypeMap:
		return appendOTLPMap(dst, v.Map())
	case pcommon.ValueTypeSlice:
		dst = append(dst, '[')
		for i := range v.Slice().Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			var below int
			dst, below = appendOTLPValue(dst, v.Slice().At(i))
			depth = max(depth, below)
		}
		return append(dst, ']'), depth + 1
	default:
		return append(dst, "null"...), 0
	}
}

func appendOTLPMap(dst []byte, m pcommon.Map) (_ []byte, depth int) {
	dst = append(dst, '{')
	first := true
	for name, v := range m.All() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		var below int
		dst, below = appendOTLPValue(append(appendJSONText(dst, name), ':'), v)
		depth = max(depth, below)
	}
	return append(dst, '}'), depth + 1
}

func appendOTLPDouble(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(dst, `"-Infinity"`...)
	}
	text, err := json.Marshal(f) // knows when to write an exponent
	if err != nil {
		return append(dst, "null"...)
	}
	return append(dst, text...)
}
