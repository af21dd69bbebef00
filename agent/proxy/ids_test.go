package proxy

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestRequestIDsAreUUIDs(t *testing.T) {
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	ids := map[string]bool{}
	for range 1000 {
		id := newRequestID()
		require.Regexp(t, uuid, id)
		ids[id] = true
	}
	require.Len(t, ids, 1000)
}

func TestTheClientsIDsAreTaken(t *testing.T) {
	model := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "the model's own")
		w.Header().Set("X-Ms-Client-Request-Id", r.Header.Get("X-Ms-Client-Request-Id"))
	})
	for name, c := range map[string]struct {
		requestID []string
		clientID  string
		trust     bool
		keep      bool   // the request id is the client's
		echo      string // the client id that comes back
		bad       float64
	}{
		"none":            {},
		"overwritten":     {requestID: []string{"mine"}},
		"trusted":         {requestID: []string{"mine_1-A"}, trust: true, keep: true},
		"two":             {requestID: []string{"a", "b"}, trust: true},
		"not a word":      {requestID: []string{"a b"}, trust: true},
		"too long":        {requestID: []string{strings.Repeat("a", 65)}, trust: true},
		"client":          {clientID: "Job_7-a", echo: "Job_7-a"},
		"client, cut":     {clientID: strings.Repeat("a", 200), echo: strings.Repeat("a", 40)},
		"client, invalid": {clientID: "a;b", bad: 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, model.URL, func(cfg *Config) { cfg.TrustRequestID = c.trust })
			req, err := http.NewRequest("GET", f.url, nil)
			require.NoError(t, err)
			if c.requestID != nil {
				req.Header["X-Request-Id"] = c.requestID
			}
			if c.clientID != "" {
				req.Header.Set("x-ms-client-request-id", c.clientID)
			}
			req.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
			res, err := client(t).Do(req)
			require.NoError(t, err)
			text(t, res)
			row := f.row(1)
			require.Equal(t, []string{row.RequestID}, res.Header["X-Request-Id"])
			if c.keep {
				require.Equal(t, c.requestID[0], row.RequestID)
			} else {
				require.Len(t, row.RequestID, 36)
			}
			require.Equal(t, c.echo, res.Header.Get("X-Ms-Client-Request-Id"))
			require.Equal(t, c.echo, row.ClientRequestID)
			require.Equal(t, c.bad, f.counter("agent_proxy_invalid_client_request_ids_total"))
			e := f.metric("endpoint_request_duration_seconds", "status_code=200").GetHistogram().GetExemplars()[0]
			labels := map[string]string{}
			for _, l := range e.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			require.Equal(t, map[string]string{"request_id": row.RequestID, "trace_id": "0af7651916cd43dd8448eb211c80319c"}, labels)
		})
	}
}

func TestTraceID(t *testing.T) {
	const id, rest = "0af7651916cd43dd8448eb211c80319c", "-b7ad6b7169203331-01"
	for in, want := range map[string]string{
		"00-" + id + rest: id, "01-" + id + rest + "-more": id, "00-" + id + rest + "-more": "", "ff-" + id + rest: "", "": "", "00-" + id: "",
		"00-" + strings.ToUpper(id) + rest: "", "00-" + strings.Repeat("0", 32) + rest: "", "00-" + id + "-0000000000000000-01": "", "00_" + id + rest: "",
		"01-" + id + rest + "x": "",
	} {
		require.Equal(t, want, traceID(http.Header{"Traceparent": {in}}), in)
	}
	require.Empty(t, traceID(http.Header{"Traceparent": {"00-" + id + rest, "00-" + id + rest}}))
}

func FuzzClientRequestID(f *testing.F) {
	for _, s := range []string{"", "a", "a b", strings.Repeat("x", 99), "ü", "a\x00", "-_-"} {
		f.Add(s)
	}
	word := regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	f.Fuzz(func(t *testing.T, s string) {
		id, ok := clientRequestID(http.Header{headerClientRequestID: {s}})
		require.Equal(t, word.MatchString(s) && !strings.HasSuffix(s, "\n"), ok)
		if ok {
			require.Equal(t, s[:min(40, len(s))], id)
		} else {
			require.Empty(t, id)
		}
		kept := requestID(http.Header{headerRequestID: {s}}, true)
		require.True(t, word.MatchString(kept) && len(kept) <= 64)
		require.LessOrEqual(t, utf8.RuneCountInString("request_id"+kept+"trace_id")+32, 128)
	})
}

func token(claims string) string {
	return "Bearer eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2lnbmF0dXJl"
}

func TestWhoAsks(t *testing.T) {
	const oid = "7d1c2a5e-0000-4000-8000-000000000001"
	for name, c := range map[string]struct{ header, auth, identity string }{
		"nothing":         {"", "", ""},
		"a key":           {"Bearer s3cr3t", "Key", ""},
		"basic":           {"Basic dTpw", "Key", ""},
		"a bare key":      {"s3cr3t", "Key", ""},
		"AAD":             {token(`{"aud":"https://ml.azure.com","iss":"https://sts.windows.net/72f9/","oid":"` + oid + `"}`), "AADToken", oid},
		"AAD, v2":         {token(`{"iss":"https://login.microsoftonline.com/72f9/v2.0","sub":"` + oid + `"}`), "AADToken", oid},
		"lower case":      {strings.Replace(token(`{"iss":"https://sts.windows.net/72f9/","oid":"`+oid+`"}`), "Bearer", "bearer", 1), "AADToken", oid},
		"AML":             {token(`{"iss":"azureml","aud":"azureml","oid":"` + oid + `"}`), "AMLToken", oid},
		"AML, audiences":  {token(`{"aud":["azureml"],"oid":"` + oid + `"}`), "AMLToken", oid},
		"another issuer":  {token(`{"iss":"https://accounts.example.com","sub":"joe"}`), "Key", ""},
		"a lookalike":     {token(`{"iss":"https://sts.windows.net.evil.example/","oid":"` + oid + `"}`), "Key", ""},
		"no JSON":         {token(`{`), "Key", ""},
		"no base64":       {"Bearer a.%%.c", "Key", ""},
		"an odd identity": {token(`{"iss":"azureml","oid":"<script>\n"}`), "AMLToken", ""},
		"a long identity": {token(`{"iss":"azureml","oid":"` + strings.Repeat("a", 65) + `"}`), "AMLToken", ""},
		"far too long":    {"Bearer a." + strings.Repeat("a", maxToken) + ".c", "Key", ""},
	} {
		h := http.Header{}
		if c.header != "" {
			h.Set("Authorization", c.header)
		}
		auth, identity := identify(h)
		require.Equal(t, []string{c.auth, c.identity}, []string{auth, identity}, name)
	}
}

func FuzzIdentify(f *testing.F) {
	f.Add(token(`{"iss":"azureml","oid":"x"}`))
	f.Add("Bearer a.b.c")
	f.Fuzz(func(t *testing.T, s string) {
		auth, identity := identify(http.Header{"Authorization": {s}})
		require.Contains(t, []string{"", authKey, authAML, authAAD}, auth)
		require.True(t, identity == "" || isWord(identity) && len(identity) <= maxIdentifier)
		require.Equal(t, s == "", auth == "")
	})
}
