package proxy

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// How a client proved who it is. Source: azure-monitor.md §11.1, column AuthType.
const (
	authKey = "Key"
	authAML = "AMLToken"
	authAAD = "AADToken"
)

// maxToken is the length of an Authorization header above which claims are not looked for.
const maxToken = 16 << 10

// claims are what is read out of a token. Nothing is verified: the model server, or what stands before the proxy, does that.
type claims struct {
	Issuer   string          `json:"iss"`
	Audience json.RawMessage `json:"aud"` // a string, or several
	OID      string          `json:"oid"`
	Subject  string          `json:"sub"`
}

// identify returns how the client says who it is, and the object id that its token names. Both are empty without an Authorization header; what is
// no token of Azure's is a key. It neither keeps nor returns the token.
func identify(h http.Header) (auth, identity string) {
	v := h["Authorization"]
	if len(v) == 0 || v[0] == "" {
		return "", ""
	}
	scheme, token, _ := strings.Cut(v[0], " ")
	if !strings.EqualFold(scheme, "Bearer") || len(token) > maxToken || strings.Count(token, ".") != 2 {
		return authKey, ""
	}
	_, rest, _ := strings.Cut(strings.TrimSpace(token), ".")
	payload, _, _ := strings.Cut(rest, ".")
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(payload, "="))
	if err != nil {
		return authKey, ""
	}
	var c claims
	if json.Unmarshal(raw, &c) != nil {
		return authKey, ""
	}
	switch {
	case c.Issuer == "azureml" || strings.Trim(string(c.Audience), `[]" `) == "azureml":
		auth = authAML
	case isAAD(c.Issuer):
		auth = authAAD
	default:
		return authKey, ""
	}
	if identity = c.OID; identity == "" {
		identity = c.Subject
	}
	if len(identity) > maxIdentifier || !isWord(identity) {
		identity = ""
	}
	return auth, identity
}

// isAAD tells whether a token was issued by Azure's directory, in any of its clouds.
func isAAD(issuer string) bool {
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "https" {
		return false
	}
	switch u.Hostname() {
	case "sts.windows.net", "login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn", "sts.chinacloudapi.cn":
		return true
	}
	return false
}
