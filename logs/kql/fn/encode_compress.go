package fn

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"hash/crc32"
	"io"
	"unicode/utf8"

	"github.com/endscope/endscope/logs/kql/value"
)

// maxDecompressed bounds the bytes that a text may have after it was decompressed, so that a few hostile bytes do not become gigabytes.
const maxDecompressed = 64 << 20

// encodeCompressFunctions compress text into base64 and back. What cannot be decompressed, or is no UTF-8 then, gives an empty text.
func encodeCompressFunctions() []Scalar {
	return []Scalar{
		textFunction("gzip_compress_to_base64_string(text: string): string", "Compresses a text with gzip and encodes it as base64.",
			func(s string) value.Value {
				out := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}
				out = appendDeflated(out, s)
				out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE([]byte(s)))
				return base64.StdEncoding.EncodeToString(binary.LittleEndian.AppendUint32(out, uint32(len(s))))
			}),
		textFunction("zlib_compress_to_base64_string(text: string): string", "Compresses a text with zlib and encodes it as base64.",
			func(s string) value.Value {
				out := appendDeflated([]byte{0x78, 0x01}, s)
				return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(out, adler32.Checksum([]byte(s))))
			}),
		decompressFunction("gzip_decompress_from_base64_string(base64: string): string", "Decodes base64 and decompresses it with gzip.",
			func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) }),
		decompressFunction("zlib_decompress_from_base64_string(base64: string): string", "Decodes base64 and decompresses it with zlib.",
			zlib.NewReader),
	}
}

// appendDeflated appends s as a deflate stream: stored where compression does not make it smaller, as in the service.
func appendDeflated(dst []byte, s string) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	if err == nil { // the level is a valid one, and a Buffer takes everything
		_, _ = io.WriteString(w, s)
		_ = w.Close()
	}
	if b.Len() > 0 && b.Len()+1 < len(s) {
		return append(dst, b.Bytes()...)
	}
	const maxStored = 1<<16 - 1
	for {
		n := min(len(s), maxStored)
		final := byte(0)
		if n == len(s) {
			final = 1
		}
		dst = append(dst, final, byte(n), byte(n>>8), byte(^n), byte(^n>>8))
		dst = append(dst, s[:n]...)
		if s = s[n:]; final == 1 {
			return dst
		}
	}
}

func decompressFunction(signature, help string, open func(io.Reader) (io.ReadCloser, error)) Scalar {
	return Scalar{
		Signature: Signature{Text: signature, Help: help},
		Make: func(c *Context, _ []Arg) (Eval, error) {
			return func(a []value.Value) (value.Value, error) {
				b, err := base64.StdEncoding.DecodeString(a[0].(string))
				if err != nil {
					return nil, nil
				}
				r, err := open(bytes.NewReader(b))
				if err != nil {
					return nil, nil
				}
				text, err := io.ReadAll(io.LimitReader(r, maxDecompressed+1))
				if len(text) > maxDecompressed {
					return nil, fmt.Errorf("a decompressed text is longer than the limit of %d bytes", maxDecompressed)
				}
				if err != nil || !utf8.Valid(text) {
					return nil, nil
				}
				return string(text), c.Budget(len(text))
			}, nil
		},
	}
}
