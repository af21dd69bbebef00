package web

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/endscope/endscope/ingest"
)

const (
	protoV1 = "prometheus.WriteRequest"
	protoV2 = "io.prometheus.write.v2.Request"
)

// handleRemoteWrite takes remote write 1.0 and 2.0. Its statuses tell a sender what to do: 2xx done; 400 a part was refused and the rest is
// stored, do not send it again; 415 use the other version; 429 and 503 try again; 413 send less at once.
func (s *Server) handleRemoteWrite(w http.ResponseWriter, r *http.Request) error {
	v2, err := remoteWriteVersion(r.Header)
	if err == nil {
		err = snappyOnly(r.Header)
	}
	if err != nil {
		if v2 {
			writtenHeaders(w, ingest.Result{})
		}
		return s.remoteWriteFailed(w, r, err)
	}
	write := s.set.Ingest.WriteV1
	if v2 {
		write = s.set.Ingest.WriteV2
	}
	result, err := s.remoteWrite(w, r, write)
	if v2 {
		writtenHeaders(w, result) // on failures too
	}
	if err != nil {
		return s.remoteWriteFailed(w, r, err)
	}
	if refused := result.Err(); refused != nil {
		return writePlain(w, http.StatusBadRequest, refused.Error())
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) remoteWrite(w http.ResponseWriter, r *http.Request, write func(context.Context, []byte) (ingest.Result, error)) (ingest.Result, error) {
	body, release, err := s.readBody(w, r, int64(s.set.Ingest.Config().MaxBody))
	defer release()
	if err != nil {
		return ingest.Result{}, err
	}
	return write(r.Context(), body)
}

// remoteWriteVersion reads the version from the content type; without one it is 1.0, as with Prometheus.
func remoteWriteVersion(h http.Header) (v2 bool, err error) {
	contentType := h.Get("Content-Type")
	if contentType == "" {
		return false, nil
	}
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || media != "application/x-protobuf" {
		return false, &ingest.Error{Kind: ingest.Unsupported, Msg: fmt.Sprintf("Content-Type %q: remote write is application/x-protobuf", contentType)}
	}
	switch proto, given := params["proto"]; {
	case !given, proto == protoV1:
		return false, nil
	case proto == protoV2:
		return true, nil
	default:
		return false, &ingest.Error{Kind: ingest.Unsupported, Msg: fmt.Sprintf("Content-Type %q: this server accepts the messages %s and %s", contentType, protoV1, protoV2)}
	}
}

// snappyOnly refuses encodings other than snappy. A missing one means snappy, as with Prometheus.
func snappyOnly(h http.Header) error {
	switch encoding := strings.ToLower(strings.Join(h.Values("Content-Encoding"), ",")); encoding {
	case "", "snappy":
		return nil
	default:
		return &ingest.Error{Kind: ingest.Unsupported, Msg: fmt.Sprintf("Content-Encoding %q: remote write is compressed with snappy", encoding)}
	}
}

// writtenHeaders tells a 2.0 sender what was stored; without them it takes the server for one that speaks 1.0 only.
func writtenHeaders(w http.ResponseWriter, result ingest.Result) {
	h := w.Header()
	h.Set("X-Prometheus-Remote-Write-Samples-Written", strconv.Itoa(result.Samples))
	h.Set("X-Prometheus-Remote-Write-Histograms-Written", strconv.Itoa(result.Histograms))
	h.Set("X-Prometheus-Remote-Write-Exemplars-Written", strconv.Itoa(result.Exemplars))
}

func (s *Server) remoteWriteFailed(w http.ResponseWriter, r *http.Request, err error) error {
	p, ok := s.pushFailed(w, r, err)
	if !ok {
		return err
	}
	return writePlain(w, p.Status, p.Detail)
}

func writePlain(w http.ResponseWriter, status int, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, err := io.WriteString(w, text+"\n")
	return err
}
