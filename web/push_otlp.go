package web

import (
	"mime"
	"net/http"
	"strings"

	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/endscope/endscope/ingest"
)

const (
	otlpProtobuf = "application/x-protobuf"
	otlpJSON     = "application/json"
)

// handleOTLPMetrics takes OTLP/HTTP metrics, https://opentelemetry.io/docs/specs/otlp/#otlphttp. The answer has the request's content
// type. What is refused in part is a partial success, 200, and must not be sent again; clients try 429 and 503 again, and nothing else
// that this answers.
func (s *Server) handleOTLPMetrics(w http.ResponseWriter, r *http.Request) error {
	json, err := otlpFormat(r.Header.Get("Content-Type"))
	if err != nil {
		return s.otlpFailed(w, r, json, err)
	}
	points, result, err := s.writeOTLP(w, r, json)
	if err != nil {
		return s.otlpFailed(w, r, json, err)
	}
	answer := pmetricotlp.NewExportResponse()
	if refused := result.Err(); refused != nil {
		// Points are counted before they are refused as samples, of which a histogram is several, and exemplars are no points. None
		// rejected with a message is a warning.
		rejected := min(result.Refused()-result.ByReason()[ingest.ReasonExemplar], points)
		answer.PartialSuccess().SetRejectedDataPoints(int64(rejected))
		answer.PartialSuccess().SetErrorMessage(refused.Error())
	}
	body, err := answer.MarshalProto()
	if json {
		body, err = answer.MarshalJSON()
	}
	if err != nil {
		return err
	}
	return writeOTLPAnswer(w, json, http.StatusOK, body)
}

func (s *Server) writeOTLP(w http.ResponseWriter, r *http.Request, json bool) (points int, result ingest.Result, err error) {
	body, release, err := s.readEncoded(w, r, s.set.Ingest.Config())
	defer release()
	if err != nil {
		return 0, result, err
	}
	// Decoded data points take several times the memory of the body.
	done, err := s.set.Ingest.Reserve(int64(len(body)))
	if err != nil {
		return 0, result, err
	}
	defer done()
	md, err := ingest.DecodeOTLP(body, json)
	if err != nil {
		return 0, result, err
	}
	points = md.DataPointCount()
	if points == 0 {
		return 0, result, nil // an empty request is a success
	}
	result, err = s.set.Ingest.WriteOTLP(r.Context(), md)
	return points, result, err
}

// otlpFormat says whether a request is in JSON; otherwise it is in protobuf.
func otlpFormat(contentType string) (json bool, err error) {
	media, _, _ := mime.ParseMediaType(contentType)
	switch media {
	case otlpProtobuf, "application/protobuf":
		return false, nil
	case otlpJSON:
		return true, nil
	}
	return strings.Contains(media, "json"), &ingest.Error{Kind: ingest.Unsupported, Msg: "OTLP/HTTP is " + otlpProtobuf + " or " + otlpJSON}
}

// otlpFailed answers with a google.rpc.Status.
func (s *Server) otlpFailed(w http.ResponseWriter, r *http.Request, json bool, err error) error {
	p, ok := s.pushFailed(w, r, err)
	if !ok {
		return err
	}
	st := &status.Status{Code: int32(otlpCode(p.Status)), Message: p.Detail}
	body, err := proto.Marshal(st)
	if json {
		body, err = protojson.Marshal(st)
	}
	if err != nil {
		return err
	}
	return writeOTLPAnswer(w, json, p.Status, body)
}

// otlpCode is the gRPC code that stands for a status.
func otlpCode(status int) codes.Code {
	switch status {
	case http.StatusServiceUnavailable:
		return codes.Unavailable
	case http.StatusTooManyRequests:
		return codes.ResourceExhausted
	case http.StatusInternalServerError:
		return codes.Internal
	default:
		return codes.InvalidArgument
	}
}

func writeOTLPAnswer(w http.ResponseWriter, json bool, status int, body []byte) error {
	contentType := otlpProtobuf
	if json {
		contentType = otlpJSON
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}
