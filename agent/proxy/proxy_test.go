package proxy

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestARequestIsPassedOnAndMeasured(t *testing.T) {
	model := server(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Path", r.URL.RequestURI())
		w.Header().Set("X-Seen-Id", r.Header.Get("X-Request-Id"))
		w.Write(append([]byte("echo:"), body...))
	})
	for name, c := range map[string]*http.Client{"HTTP/1.1": client(t), "HTTP/2.0": clientH2C(t)} {
		f := start(t, model.URL, nil)
		res, err := c.Post(f.url+"/v1/%2fscore//a?x=1;y=%zz&", "text/plain", strings.NewReader("hello"))
		require.NoError(t, err)
		require.Equal(t, "echo:hello", text(t, res))
		require.Equal(t, "/v1/%2fscore//a?x=1;y=%zz&", res.Header.Get("X-Path"))
		row := f.row(1)
		require.Equal(t, row.RequestID, res.Header.Get("X-Request-Id"))
		require.Equal(t, row.RequestID, res.Header.Get("X-Seen-Id"))
		require.Equal(t, "/v1/%2fscore//a", row.Path)
		require.Equal(t, name, row.Protocol)
		require.Equal(t, "POST", row.Method)
		require.Equal(t, []int{200, 200}, []int{row.Code, row.ModelCode})
		require.Equal(t, []int64{5, 10}, []int64{row.RequestBytes, row.ResponseBytes})
		require.LessOrEqual(t, row.Received, row.Answered)
		require.LessOrEqual(t, row.Answered, row.Total)
		require.Equal(t, 1, f.count("endpoint_request_duration_seconds", "status_code=200", "model_status_code=200", "streaming=false"))
		for _, name := range []string{"upload", "model", "download"} {
			require.Equal(t, 1, f.count("endpoint_"+name+"_duration_seconds", "status_code=200"), name)
		}
		m := f.metric("endpoint_request_duration_seconds", "status_code=200").GetHistogram()
		require.Len(t, m.GetExemplars(), 1)
		require.Equal(t, row.RequestID, m.GetExemplars()[0].GetLabel()[0].GetValue())
	}
}
