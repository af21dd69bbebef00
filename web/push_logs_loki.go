package web

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/endscope/endscope/ingest"
)

// handleLokiPush takes pushes of Loki's own clients, in JSON or protobuf. Its statuses tell a sender what to do: 204 done; 400 a part was
// refused and the rest is stored, do not send it again; 429 and 503 try again; 413 send less at once.
func (s *Server) handleLokiPush(w http.ResponseWriter, r *http.Request) error {
	result, err := s.lokiPush(w, r)
	if err != nil {
		return s.remoteWriteFailed(w, r, err)
	}
	if refused := result.Err(); refused != nil {
		return writePlain(w, http.StatusBadRequest, refused.Error())
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// lokiPush reads the form from the content type; without one, or with any that is not JSON, it is protobuf in a snappy block, as with Loki.
func (s *Server) lokiPush(w http.ResponseWriter, r *http.Request) (result ingest.LogsResult, err error) {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	json := media == "application/json"
	if !json && strings.EqualFold(r.Header.Get("Content-Encoding"), "snappy") {
		r.Header.Del("Content-Encoding") // it says what protobuf pushes are without it
	}
	body, release, err := s.readEncoded(w, r, s.set.Ingest.Config())
	defer release()
	if err != nil {
		return result, err
	}
	if json {
		return s.set.LogsPush.WriteLokiJSON(r.Context(), body)
	}
	result, err = s.set.LogsPush.WriteLokiProto(r.Context(), body)
	var push *ingest.Error
	if errors.As(err, &push) && push.Kind == ingest.Malformed && bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")) {
		err = &ingest.Error{Kind: ingest.Malformed, Msg: fmt.Sprintf("the body looks like JSON, which needs Content-Type: application/json (got %q); read as protobuf: %s", r.Header.Get("Content-Type"), push.Msg)}
	}
	return result, err
}
