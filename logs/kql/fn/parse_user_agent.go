package fn

import (
	"errors"
	"fmt"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// parseUserAgentFunctions interpret the User-Agent of HTTP clients. The service knows thousands of them; here are the common browsers,
// libraries and tools. What is not known is called Other.
func parseUserAgentFunctions() []Scalar {
	return []Scalar{{
		Signature: Signature{
			Text: "parse_user_agent(userAgent: string, lookFor: string|dynamic): dynamic",
			Help: "Returns what a User-Agent says of the browser, the os and the device: those that a text or an array names.",
		},
		Make: func(_ *Context, args []Arg) (Eval, error) {
			if !args[1].Const {
				return nil, errors.New("what to look for must be a constant")
			}
			wanted, ok := args[1].Value.(value.Array)
			if !ok {
				wanted = value.Array{args[1].Value}
			}
			for _, w := range wanted {
				if w != "browser" && w != "os" && w != "device" {
					return nil, fmt.Errorf(`what to look for must be "browser", "os" or "device" (got %s)`, value.AppendJSON(nil, w))
				}
			}
			return func(a []value.Value) (value.Value, error) {
				agent := a[0].(string)
				out := &value.Bag{}
				for _, w := range wanted {
					switch w {
					case "browser":
						out.Set("Browser", agentBrowser(agent))
					case "os":
						out.Set("OperatingSystem", agentSystem(agent))
					case "device":
						out.Set("Device", agentDevice(agent))
					}
				}
				return out, nil
			}, nil
		},
	}}
}

// agentProduct is a product of a User-Agent and the family it stands for.
type agentProduct struct{ token, family string }

// agentProducts lists products in the order in which they are looked for: what imitates others comes first.
func agentProducts() []agentProduct {
	return []agentProduct{
		{"AdobeAIR/", "AdobeAIR"}, {"Googlebot/", "Googlebot"}, {"bingbot/", "bingbot"}, {"YandexBot/", "YandexBot"}, {"GPTBot/", "GPTBot"},
		{"EdgA/", "Edge Mobile"}, {"EdgiOS/", "Edge Mobile"}, {"Edg/", "Edge"}, {"Edge/", "Edge"}, {"OPR/", "Opera"}, {"Opera/", "Opera"},
		{"SamsungBrowser/", "Samsung Internet"}, {"YaBrowser/", "Yandex Browser"}, {"Vivaldi/", "Vivaldi"}, {"UCBrowser/", "UC Browser"},
		{"Electron/", "Electron"}, {"CriOS/", "Chrome Mobile iOS"}, {"FxiOS/", "Firefox iOS"}, {"HeadlessChrome/", "HeadlessChrome"},
		{"Chromium/", "Chromium"}, {"Chrome/", "Chrome"}, {"Firefox/", "Firefox"}, {"MSIE ", "IE"}, {"Series60/", "Nokia OSS Browser"},
		{"python-requests/", "Python Requests"}, {"python-httpx/", "python-httpx"}, {"aiohttp/", "Python aiohttp"}, {"Python-urllib/", "Python-urllib"},
		{"OpenAI/Python ", "OpenAI Python"}, {"Go-http-client/", "Go-http-client"}, {"okhttp/", "okhttp"}, {"Apache-HttpClient/", "Apache-HttpClient"},
		{"Java/", "Java"}, {"curl/", "curl"}, {"Wget/", "Wget"}, {"PostmanRuntime/", "PostmanRuntime"}, {"axios/", "axios"}, {"node-fetch/", "node-fetch"},
		{"grpc-go/", "grpc-go"}, {"grpc-python/", "grpc-python"}, {"k6/", "k6"}, {"Locust/", "Locust"}, {"Prometheus/", "Prometheus"}, {"kube-probe/", "kube-probe"},
	}
}

func agentBrowser(agent string) *value.Bag {
	family, version := "Other", ""
	mobile := strings.Contains(agent, "Mobile")
	for _, p := range agentProducts() {
		if _, rest, ok := strings.Cut(agent, p.token); ok {
			family, version = p.family, rest
			break
		}
	}
	android := strings.Contains(agent, "Android")
	switch {
	case family == "Chrome" && android && mobile:
		family = "Chrome Mobile"
	case family == "Firefox" && android:
		family = "Firefox Mobile"
	case family == "Other":
		if _, rest, ok := strings.Cut(agent, "rv:"); ok && strings.Contains(agent, "Trident/") {
			family, version = "IE", rest
		} else if _, rest, ok := strings.Cut(agent, "Version/"); ok && strings.Contains(agent, "Safari/") {
			if family, version = "Safari", rest; mobile {
				family = "Mobile Safari"
			}
		}
	}
	v := versionNumbers(version, 3)
	return agentBag("Family", family, "MajorVersion", v[0], "MinorVersion", v[1], "Patch", v[2])
}

func agentSystem(agent string) *value.Bag {
	family, version := "Other", ""
	for _, p := range []agentProduct{
		{"Windows Phone OS ", "Windows Phone"}, {"Windows Phone ", "Windows Phone"}, {"Windows NT ", "Windows"}, {"iPhone OS ", "iOS"}, {"CPU OS ", "iOS"},
		{"Mac OS X ", "Mac OS X"}, {"Mac OS X", "Mac OS X"}, {"Android ", "Android"}, {"Android", "Android"}, {"SymbianOS/", "Symbian OS"}, {"Ubuntu/", "Ubuntu"},
		{"Ubuntu", "Ubuntu"}, {"CrOS ", "Chrome OS"}, {"FreeBSD", "FreeBSD"}, {"Linux", "Linux"}, {"linux", "Linux"}, {"Windows", "Windows"}, {"Darwin/", "Mac OS X"},
	} {
		if _, rest, ok := strings.Cut(agent, p.token); ok {
			family, version = p.family, rest
			break
		}
	}
	switch family {
	case "Windows":
		version = windowsVersion(version)
	case "Chrome OS":
		_, version, _ = strings.Cut(version, " ") // behind the architecture
	case "Linux", "FreeBSD":
		version = ""
	}
	v := versionNumbers(version, 4)
	return agentBag("Family", family, "MajorVersion", v[0], "MinorVersion", v[1], "Patch", v[2], "PatchMinor", v[3])
}

// windowsVersion returns the version by which people know a version of Windows NT.
func windowsVersion(nt string) string {
	v := versionNumbers(nt, 2)
	switch v[0] + "." + v[1] {
	case "6.3":
		return "8.1"
	case "6.2":
		return "8"
	case "6.1":
		return "7"
	case "6.0":
		return "Vista"
	case "5.2", "5.1":
		return "XP"
	case "10.0":
		return "10"
	}
	return nt
}

func agentDevice(agent string) *value.Bag {
	family, brand, model := "Other", "", ""
	lower := strings.ToLower(agent)
	switch {
	case strings.Contains(lower, "bot/") || strings.Contains(lower, "spider") || strings.Contains(lower, "crawler"):
		family, brand, model = "Spider", "Spider", "Desktop"
	case strings.Contains(agent, "iPhone"):
		family, brand, model = "iPhone", "Apple", "iPhone"
	case strings.Contains(agent, "iPad"):
		family, brand, model = "iPad", "Apple", "iPad"
	case strings.Contains(agent, "Macintosh"):
		family, brand, model = "Mac", "Apple", "Mac"
	case strings.Contains(agent, "Nokia"):
		_, rest, _ := strings.Cut(agent, "Nokia")
		model = rest[:len(rest)-len(strings.TrimLeft(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"))]
		series, _, _ := strings.Cut(model, "-")
		family, brand = strings.TrimSpace("Nokia "+series), "Nokia"
	case strings.Contains(agent, "Android"):
		_, rest, _ := strings.Cut(agent, "Android")
		rest, _, _ = strings.Cut(rest, ")")
		_, rest, _ = strings.Cut(rest, "; ")
		model, _, _ = strings.Cut(rest, " Build/")
		model = model[strings.LastIndexByte(model, ';')+1:]
		if model = strings.TrimSpace(model); model == "" {
			break
		}
		family = model
		for _, p := range []agentProduct{{"SM-", "Samsung"}, {"Pixel", "Google"}, {"Nexus", "Google"}, {"HUAWEI", "Huawei"}, {"Redmi", "XiaoMi"}, {"Mi ", "XiaoMi"}, {"moto", "Motorola"}} {
			if strings.HasPrefix(model, p.token) {
				brand = p.family
			}
		}
		if brand == "Samsung" {
			family = brand + " " + model
		}
	}
	return agentBag("Family", family, "Brand", brand, "Model", model)
}

// versionNumbers returns the first n parts of the version at the beginning of s, whose parts are joined by dots or underscores.
func versionNumbers(s string, n int) []string {
	end := 0
	for end < len(s) && (isDigit(s[end]) || s[end] >= 'A' && s[end] <= 'Z' || s[end] >= 'a' && s[end] <= 'z' || s[end] == '.' || s[end] == '_') {
		end++
	}
	parts := strings.FieldsFunc(s[:end], func(r rune) bool { return r == '.' || r == '_' })
	for len(parts) < n {
		parts = append(parts, "")
	}
	return parts[:n]
}

func agentBag(kv ...string) *value.Bag {
	b := &value.Bag{}
	for i := 0; i < len(kv); i += 2 {
		b.Set(kv[i], kv[i+1])
	}
	return b
}
