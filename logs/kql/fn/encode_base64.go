package fn

import (
	"encoding/base64"
	"encoding/hex"
	"unicode/utf8"

	"github.com/endscope/endscope/logs/kql/value"
)

// encodeBase64Functions read and write base64 with its padding. What cannot be decoded gives null, and what is no UTF-8 gives no text.
func encodeBase64Functions() []Scalar {
	return []Scalar{
		textFunction("base64_encode_tostring(text: string): string", "Encodes the UTF-8 bytes of a text as base64.",
			func(s string) value.Value { return base64.StdEncoding.EncodeToString([]byte(s)) }, "base64_encodestring"),
		textFunction("base64_decode_tostring(base64: string): string", "Decodes base64 to text, which is empty when the bytes are no UTF-8.",
			func(s string) value.Value {
				b, err := base64.StdEncoding.DecodeString(s)
				if err != nil || !utf8.Valid(b) {
					return nil
				}
				return string(b)
			}, "base64_decodestring"),
		textFunction("base64_decode_toarray(base64: string): dynamic", "Decodes base64 to an array of the bytes as numbers.",
			func(s string) value.Value {
				b, err := base64.StdEncoding.DecodeString(s)
				if err != nil {
					return nil
				}
				out := make(value.Array, len(b))
				for i, c := range b {
					out[i] = int64(c)
				}
				return out
			}),
		{
			Signature: Signature{Text: "base64_encode_fromarray(bytes: dynamic): string", Help: "Encodes an array of bytes as base64."},
			Make: simple(func(a []value.Value) value.Value {
				list, ok := a[0].(value.Array)
				if !ok {
					return nil
				}
				b := make([]byte, len(list))
				for i, v := range list {
					n, ok := v.(int64)
					if !ok || n < 0 || n > 255 {
						return nil
					}
					b[i] = byte(n)
				}
				return base64.StdEncoding.EncodeToString(b)
			}),
		},
		{
			Signature: Signature{Text: "base64_encode_fromguid(id: guid): string", Help: "Encodes the 16 bytes of a guid as base64."},
			Make: simple(func(a []value.Value) value.Value {
				b, ok := guidBytes(a[0].(value.UUID))
				if !ok {
					return nil
				}
				return base64.StdEncoding.EncodeToString(b)
			}),
		},
		textFunction("base64_decode_toguid(base64: string): guid", "Decodes base64 of 16 bytes to a guid.",
			func(s string) value.Value {
				b, err := base64.StdEncoding.DecodeString(s)
				if err != nil || len(b) != 16 {
					return nil
				}
				swapGUID(b)
				if id, ok := value.ParseUUID(hex.EncodeToString(b)); ok {
					return id
				}
				return nil
			}),
	}
}

// guidBytes returns the bytes of a guid in the order in which the service keeps them: its first three groups have the lowest byte first.
func guidBytes(id value.UUID) ([]byte, bool) {
	digits := make([]byte, 0, 32)
	for i := range len(id) {
		if id[i] != '-' {
			digits = append(digits, id[i])
		}
	}
	b := make([]byte, 16)
	if n, err := hex.Decode(b, digits); err != nil || n != 16 {
		return nil, false
	}
	swapGUID(b)
	return b, true
}

func swapGUID(b []byte) {
	b[0], b[1], b[2], b[3] = b[3], b[2], b[1], b[0]
	b[4], b[5] = b[5], b[4]
	b[6], b[7] = b[7], b[6]
}
