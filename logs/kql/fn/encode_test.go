package fn

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/endscope/endscope/logs/kql/value"
)

func TestEncodeBase64(t *testing.T) {
	runCalls(t, []callCase{
		does(`"aGkh"`, "base64_encode_tostring", "hi!"),
		does(`"w6k="`, "base64_encodestring", "é"),
		does(`""`, "base64_encode_tostring", ""),
		does(`"é"`, "base64_decode_tostring", "w6k="),
		does(`"hi!"`, "base64_decodestring", "aGkh"),
		does(`""`, "base64_decode_tostring", "w6k"),
		does(`""`, "base64_decode_tostring", "/w=="),
		does(`[195,169]`, "base64_decode_toarray", "w6k="),
		does(`[]`, "base64_decode_toarray", ""),
		does(`null`, "base64_decode_toarray", "w6k"),
		does(`"AP8="`, "base64_encode_fromarray", arr(0, 255)),
		does(`""`, "base64_encode_fromarray", arr(256)),
		does(`""`, "base64_encode_fromarray", arr("a")),
		does(`""`, "base64_encode_fromarray", "a"),
		does(`"AwIBAAUEBwYICQoLDA0ODw=="`, "base64_encode_fromguid", value.UUID("00010203-0405-0607-0809-0a0b0c0d0e0f")),
		does(`"/////////////////////w=="`, "base64_encode_fromguid", value.UUID("ffffffff-ffff-ffff-ffff-ffffffffffff")),
		does(`""`, "base64_encode_fromguid", nil),
		does(`00010203-0405-0607-0809-0a0b0c0d0e0f`, "base64_decode_toguid", "AwIBAAUEBwYICQoLDA0ODw=="),
		does(`null`, "base64_decode_toguid", "AwIB"),
		does(`null`, "base64_decode_toguid", "!"),
	})
}

func TestEncodeCompress(t *testing.T) {
	long := strings.Repeat("all work and no play ", 50)
	packed := call(t, "gzip_compress_to_base64_string", long).(string)
	if len(packed) > len(long)/4 {
		t.Errorf("%d bytes were compressed to %d", len(long), len(packed))
	}
	runCalls(t, []callCase{
		// Texts this short are stored: a header, the length, the text and a checksum.
		does(`"H4sIAAAAAAAA/wECAP3/aGmsKpPYAgAAAA=="`, "gzip_compress_to_base64_string", "hi"),
		does(`"eAEBAgD9/2hpATsA0g=="`, "zlib_compress_to_base64_string", "hi"),
		does(`"hi"`, "gzip_decompress_from_base64_string", "H4sIAAAAAAAA/wECAP3/aGmsKpPYAgAAAA=="),
		does(`"hi"`, "zlib_decompress_from_base64_string", "eAEBAgD9/2hpATsA0g=="),
		does(show(long), "gzip_decompress_from_base64_string", packed),
		does(`""`, "gzip_decompress_from_base64_string", "eAEBAgD9/2hpATsA0g=="),
		does(`""`, "gzip_decompress_from_base64_string", "no base64"),
		does(`""`, "zlib_decompress_from_base64_string", "eAEBAgD9/2hpATsA0w=="), // a wrong checksum
		does(`""`, "zlib_decompress_from_base64_string", ""),
	})
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.String().Draw(rt, "text") + strings.Repeat("x", rapid.IntRange(0, 70000).Draw(rt, "more"))
		for _, f := range []string{"gzip", "zlib"} {
			if got := call(t, f+"_decompress_from_base64_string", call(t, f+"_compress_to_base64_string", s)); got != s {
				rt.Fatalf("%s changes a text of %d bytes", f, len(s))
			}
		}
	})
}

func TestEncodePunycode(t *testing.T) {
	runCalls(t, []callCase{
		does(`"bcher-kva"`, "punycode_from_string", "bücher"),
		does(`"abc-"`, "punycode_from_string", "abc"),
		does(`"fiqs8s"`, "punycode_from_string", "中国"),
		does(`""`, "punycode_from_string", ""),
		does(`"bücher"`, "punycode_to_string", "bcher-kva"),
		does(`"中国"`, "punycode_to_string", "FIQS8S"),
		does(`""`, "punycode_to_string", "a-é"),
		does(`""`, "punycode_to_string", "a-99999999"),
		does(`"xn--bcher-kva.example"`, "punycode_domain_to_string", "bücher.example"),
		does(`"xn--bcher-kva.xn--fiqs8s"`, "punycode_domain_to_string", "bücher。中国"),
		does(`"plain.example"`, "punycode_domain_to_string", "plain.example"),
		does(`"bücher.example"`, "punycode_domain_from_string", "XN--bcher-kva.example"),
		does(`"中国.xn"`, "punycode_domain_from_string", "xn--fiqs8s.xn"),
		does(`""`, "punycode_domain_from_string", "xn--a-é.example"),
	})
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.String().Draw(rt, "text")
		if got := call(t, "punycode_to_string", call(t, "punycode_from_string", s)); got != s {
			rt.Fatalf("%q became %q", s, got)
		}
	})
}

func TestEncodeURL(t *testing.T) {
	runCalls(t, []callCase{
		does(`"a+b%26c%3d%c3%a9"`, "url_encode", "a b&c=é"),
		does(`"A-z_0.9!*()"`, "url_encode", "A-z_0.9!*()"),
		does(`"%2b%7e%27"`, "url_encode", "+~'"),
		does(`"a%20b%2fc"`, "url_encode_component", "a b/c"),
		does(`"%3f"`, "url_encode_component", "?"),
		does(`""`, "url_encode_component", ""),
		does(`"a b/é"`, "url_decode", "a+b%2F%c3%A9"),
		does(`"é"`, "url_decode", "%u00e9"),
		does(`"100%"`, "url_decode", "100%"),
		does(`"%zz%u12"`, "url_decode", "%zz%u12"),
		does("\"\ufffd\"", "url_decode", "%ff"),
	})
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.String().Draw(rt, "text")
		for _, f := range []string{"url_encode", "url_encode_component"} {
			if got := call(t, "url_decode", call(t, f, s)); got != s {
				rt.Fatalf("%s: %q became %q", f, s, got)
			}
		}
	})
}

func TestEncodeUnicode(t *testing.T) {
	runCalls(t, []callCase{
		does(`[97,233,128512]`, "unicode_codepoints_from_string", "aé😀"),
		does(`[]`, "to_utf8", ""),
		does(`[8364]`, "to_utf8", "€"),
		does(`"aé😀"`, "unicode_codepoints_to_string", 97, arr(233, 128512)),
		does(`"€"`, "make_string", 8364),
		does(`""`, "make_string", arr()),
		does(`""`, "make_string", 97, -1),
		does(`""`, "make_string", arr(55296)),
		does(`""`, "make_string", arr("a", 97)),
	})
	if got := callError(t, "make_string", 97, "a"); !strings.Contains(got, "argument 2 must be a whole number") {
		t.Errorf("make_string(97, a): %s", got)
	}
}
