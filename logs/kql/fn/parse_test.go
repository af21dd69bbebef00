package fn

import (
	"strings"
	"testing"

	"github.com/endscope/endscope/logs/kql/value"
)

func TestParseURL(t *testing.T) {
	const empty = `"Username":"","Password":"","Query Parameters":{},"Fragment":""}`
	runCalls(t, []callCase{
		does(`{"Scheme":"https","Host":"api.example.com","Port":"8443","Path":"v1/score","Username":"me","Password":"pa:ss","Query Parameters":{"a":"1","b":"x%20y"},"Fragment":"top?"}`,
			"parse_url", "https://me:pa:ss@api.example.com:8443/v1/score?a=1&b=x%20y#top?"),
		does(`{"Scheme":"http","Host":"[2001:db8::1]","Port":"80","Path":"",`+empty, "parse_url", "http://[2001:db8::1]:80"),
		does(`{"Scheme":"http","Host":"[2001:db8::1]","Port":"","Path":"x",`+empty, "parse_url", "http://[2001:db8::1]/x"),
		does(`{"Scheme":"","Host":"","Port":"","Path":"just/a path",`+empty, "parseurl", "/just/a path"),
		does(`{"Scheme":"mailto","Host":"","Port":"","Path":"a@b.example",`+empty, "parse_url", "mailto:a@b.example"),
		does(`{"Scheme":"","Host":"","Port":"","Path":"",`+empty, "parse_url", ""),
		does(`{"Query Parameters":{"a":"1","b":"","c":"x=y"}}`, "parse_urlquery", "a=1&b&c=x=y"),
		does(`{"Query Parameters":{"a":"1,2"}}`, "parseurlquery", "?a=1&&a=2"),
		does(`{"Query Parameters":{}}`, "parse_urlquery", ""),
	})
}

// Whatever a URL is made of, its parts are found again, and no text panics.
func FuzzParseURL(f *testing.F) {
	f.Add("https", "host", "80", "a/b", "user", "k", "v", "frag")
	f.Add("", "", "", "", "", "", "", "")
	f.Add("x", "[::1]", "1", "?#", "a:b@c", "&", "=", "#")
	f.Fuzz(func(t *testing.T, scheme, host, port, path, user, key, v, fragment string) {
		parseURL(scheme + "://" + user + "@" + host + ":" + port + "/" + path + "?" + key + "=" + v + "#" + fragment)
		for _, s := range []string{host, port, path, user, key, v} {
			if strings.ContainsAny(s, ":/?#@&=[]") {
				return
			}
		}
		if !isScheme(scheme) {
			return
		}
		b := parseURL(scheme + "://" + user + "@" + host + ":" + port + "/" + path + "?" + key + "=" + v + "#" + fragment)
		want := map[string]string{"Scheme": scheme, "Host": host, "Port": port, "Path": path, "Username": user, "Password": "", "Fragment": fragment}
		for name, w := range want {
			if got, _ := b.Get(name); got != w {
				t.Errorf("%s is %q, want %q", name, got, w)
			}
		}
		q, _ := b.Get(queryKey)
		if got, _ := q.(*value.Bag).Get(key); got != v {
			t.Errorf("the parameter %q is %q, want %q", key, got, v)
		}
	})
}

func TestParsePath(t *testing.T) {
	path := func(scheme, root, directory, name, file, extension, stream string) string {
		return show(bag("Scheme", scheme, "RootPath", root, "DirectoryPath", directory, "DirectoryName", name, "Filename", file, "Extension", extension, "AlternateDataStreamName", stream))
	}
	runCalls(t, []callCase{
		does(path("", "", "/var/log", "log", "app.tar.gz", "gz", ""), "parse_path", "/var/log/app.tar.gz"),
		does(path("", "D:", `D:\data\set one`, "set one", "x.csv", "csv", ""), "parse_path", `D:\data\set one\x.csv`),
		does(path("", "D:", "D:", "", "x.csv", "csv", "meta"), "parse_path", `D:\x.csv:meta`),
		does(path("file", "C:", "C:/a", "a", "b", "", ""), "parse_path", "file:///C:/a/b"),
		does(path("", "C:", `C:\very\long`, "long", "n.txt", "txt", ""), "parse_path", `\\?\C:\very\long\n.txt`),
		does(path("", "", `\\share\dir`, "dir", "", "", ""), "parse_path", `\\share\dir\`),
		does(path("", "", "", "", "name", "", ""), "parse_path", "name"),
		does(path("", "", "", "", "", "", ""), "parse_path", ""),
	})
}

func TestParseText(t *testing.T) {
	runCalls(t, []callCase{
		does(`["a","b c",""]`, "parse_csv", "a,b c,"),
		does(`["a,b","say \"hi\"","x\ny"]`, "parse_csv", `"a,b","say ""hi""","x`+"\n"+`y"`),
		does(`["1","2"]`, "parse_csv", "1,2\r\n3,4"),
		does(`[""]`, "parse_csv", ""),
		does(`["ab","c"]`, "parse_csv", `"a"b,c`),
		does(`["open,x"]`, "parse_csv", `"open,x`),
		does("1000000020000000300000004", "parse_version", "1.2.3.4"),
		does("2000000000000000000000000", "parse_version", "2"),
		does("10000000000000000", "parse_version", "00.01"),
		does("null", "parse_version", "1.2.3.4.5"),
		does("null", "parse_version", "1.2-rc1"),
		does("null", "parse_version", "1..2"),
		does("null", "parse_version", "123456789"),
		does("99999999999999999999999999999999", "parse_version", "99999999.99999999.99999999.99999999"),
	})
	if a, b := call(t, "parse_version", "1.10"), call(t, "parse_version", "1.9.99"); value.Compare(a, b) <= 0 {
		t.Errorf("version 1.10 is %v and not after 1.9.99, which is %v", a, b)
	}
}

func TestParseCommandLine(t *testing.T) {
	runCalls(t, []callCase{
		does(`["run","a b","c"]`, "parse_command_line", `run "a b" c`, "windows"),
		does(`["C:\\my apps\\x.exe","-v"]`, "parse_command_line", `"C:\my apps\x.exe" -v`, "Windows"),
		does(`["x","a\"b","c\\","d\\\\e"]`, "parse_command_line", `x a\"b "c\\" d\\e`, "windows"),
		does(`["x","a\"b"]`, "parse_command_line", `x "a""b`, "windows"),
		does(`["x","ab c"]`, "parse_command_line", `x a"b c"`, "windows"),
		does(`["x",""]`, "parse_command_line", `x ""`, "windows"),
		does(`["x"]`, "parse_command_line", "x \t ", "windows"),
		does(`null`, "parse_command_line", "", "windows"),
	})
	if got := callError(t, "parse_command_line", "x", "bash"); got != `the parser must be "windows" (got "bash")` {
		t.Error(got)
	}
}

func TestParseXML(t *testing.T) {
	runCalls(t, []callCase{
		does(`{"a":null}`, "parse_xml", "<a/>"),
		does(`{"a":"x"}`, "parse_xml", "<?xml version='1.0' encoding='utf-16'?><!-- c --><a> x </a>"),
		does(`{"a":{"@k":"v","#text":"x & y"}}`, "parse_xml", "<a k='v'>x &amp; y</a>"),
		does(`{"a":{"b":[1,2.5,"03"],"c":null}}`, "parse_xml", "<a><b>1</b><b>2.5</b><b>03</b><c/></a>"),
		does(`{"a":{"#text":"before  after","b":"in"}}`, "parse_xml", "<a>before <b>in</b> after</a>"),
		does(`{"s:a":{"@xmlns:s":"u","s:b":"x"}}`, "parse_xml", "<s:a xmlns:s='u'><s:b>x</s:b></s:a>"),
		does(`{"a":"12345678901234567890"}`, "parse_xml", "<a>12345678901234567890</a>"),
		does(`{"a":"<b>"}`, "parse_xml", "<a><![CDATA[<b>]]></a>"),
		does(`null`, "parse_xml", "<a><b></a></b>"),
		does(`null`, "parse_xml", "<a/><b/>"),
		does(`null`, "parse_xml", "<a>"),
		does(`null`, "parse_xml", "</a>"),
		does(`null`, "parse_xml", "text"),
		does(`null`, "parse_xml", ""),
		does(`null`, "parse_xml", "<a>"+strings.Repeat(" ", maxXML)+"</a>"),
		does(`null`, "parse_xml", strings.Repeat("<a>", maxXMLDepth+2)+strings.Repeat("</a>", maxXMLDepth+2)),
	})
}

func FuzzParseXML(f *testing.F) {
	for _, s := range []string{"<a b='c'>d<e/></a>", "<a>", "<?xml?><a/>", "<a><![CDATA[x]]></a>", "<!DOCTYPE a><a>&lt;</a>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := parseXML(s)
		if b, ok := v.(*value.Bag); err == nil && (!ok || b.Len() != 1) {
			t.Errorf("%q gives %v, want a bag of the one root element", s, v)
		}
	})
}

func TestParseUserAgent(t *testing.T) {
	browser := func(family, major, minor, patch string) string {
		return show(bag("Browser", bag("Family", family, "MajorVersion", major, "MinorVersion", minor, "Patch", patch)))
	}
	system := func(family, major, minor, patch string) string {
		return show(bag("OperatingSystem", bag("Family", family, "MajorVersion", major, "MinorVersion", minor, "Patch", patch, "PatchMinor", "")))
	}
	device := func(family, brand, model string) string {
		return show(bag("Device", bag("Family", family, "Brand", brand, "Model", model)))
	}
	const (
		chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.6099 Safari/537.36"
		iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 16_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.5 Mobile/15E148 Safari/604.1"
		pixel  = "Mozilla/5.0 (Linux; Android 13; Pixel 7 Build/TQ1A) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/116.0.0.0 Mobile Safari/537.36"
		mac    = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Safari/605.1.15"
	)
	runCalls(t, []callCase{
		does(browser("Chrome", "120", "0", "6099"), "parse_user_agent", chrome, "browser"),
		does(system("Windows", "10", "", ""), "parse_user_agent", chrome, "os"),
		does(device("Other", "", ""), "parse_user_agent", chrome, "device"),
		does(browser("Edge", "119", "0", ""), "parse_user_agent", chrome+" Edg/119.0", "browser"),
		does(browser("Mobile Safari", "16", "5", ""), "parse_user_agent", iphone, "browser"),
		does(system("iOS", "16", "5", "1"), "parse_user_agent", iphone, "os"),
		does(device("iPhone", "Apple", "iPhone"), "parse_user_agent", iphone, "device"),
		does(browser("Chrome Mobile", "116", "0", "0"), "parse_user_agent", pixel, "browser"),
		does(system("Android", "13", "", ""), "parse_user_agent", pixel, "os"),
		does(device("Pixel 7", "Google", "Pixel 7"), "parse_user_agent", pixel, "device"),
		does(browser("Safari", "17", "1", ""), "parse_user_agent", mac, "browser"),
		does(system("Mac OS X", "10", "15", "7"), "parse_user_agent", mac, "os"),
		does(device("Mac", "Apple", "Mac"), "parse_user_agent", mac, "device"),
		does(browser("IE", "11", "0", ""), "parse_user_agent", "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko", "browser"),
		does(system("Windows", "7", "", ""), "parse_user_agent", "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko", "os"),
		does(browser("Python Requests", "2", "31", "0"), "parse_user_agent", "python-requests/2.31.0", "browser"),
		does(browser("Other", "", "", ""), "parse_user_agent", "", "browser"),
		does(device("Spider", "Spider", "Desktop"), "parse_user_agent", "SomeBot/1.0", "device"),
		does(show(bag("Browser", bag("Family", "curl", "MajorVersion", "8", "MinorVersion", "4", "Patch", "0"), "Device", bag("Family", "Other", "Brand", "", "Model", ""))),
			"parse_user_agent", "curl/8.4.0", arr("browser", "device")),
	})
	if got := callError(t, "parse_user_agent", "x", arr("browser", "weather")); !strings.Contains(got, `"weather"`) {
		t.Error(got)
	}
}

func TestExtractJSON(t *testing.T) {
	const doc = `{"a":{"b c":[1,{"d":"x"}],"n":"12"},"e":true}`
	runCalls(t, []callCase{
		does(`"x"`, "extract_json", `$.a['b c'][1].d`, doc),
		does(`1`, "extractjson", `$["a"]["b c"][0]`, doc, "long"),
		does(`12`, "extract_json", `$.a.n`, doc, "int"),
		does(`true`, "extract_json", `$.e`, doc, "bool"),
		does(`{"d":"x"}`, "extract_json", `$.a['b c'][-1]`, doc, "dynamic"),
		does(`"[1,{\"d\":\"x\"}]"`, "extract_json", `$.a['b c']`, doc),
		does(`""`, "extract_json", `$.a.none.more`, doc),
		does(`""`, "extract_json", `$.a[0]`, doc),
		does(`null`, "extract_json", `$.a['b c'][2]`, doc, "long"),
		does(`""`, "extract_json", `$`, "no json"),
	})
	for _, path := range []string{"a.b", "", "$..a", "$.a[", "$.a[x]", "$['a", "$a"} {
		if got := callError(t, "extract_json", path, doc); !strings.Contains(got, "is no JSON path") {
			t.Errorf("%q: %s", path, got)
		}
	}
	runCalls(t, []callCase{
		does(`"{\"a\":[{\"x\":1,\"y\":2}],\"b\":null}"`, "dynamic_to_json", bag("b", nil, "a", arr(bag("y", 2, "x", 1)))),
		does(`"[]"`, "dynamic_to_json", arr()),
		does(`"text"`, "dynamic_to_json", "text"),
		does(`"00:00:01"`, "dynamic_to_json", value.Second),
	})
}
