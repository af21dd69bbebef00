package web

import (
	"net/http"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"github.com/endscope/endscope/ingest"
)

// handleOTLPLogs takes OTLP/HTTP logs. Answers are as those for metrics: what is refused in part is a partial success, 200, and must not
// be sent again; clients try 429 and 503 again, and nothing else that this answers.
func (s *Server) handleOTLPLogs(w http.ResponseWriter, r *http.Request) error {
	json, err := otlpFormat(r.Header.Get("Content-Type"))
	if err != nil {
		return s.otlpFailed(w, r, json, err)
	}
	result, err := s.writeOTLPLogs(w, r, json)
	if err != nil {
		return s.otlpFailed(w, r, json, err)
	}
	answer := plogotlp.NewExportResponse()
	if refused := result.Err(); refused != nil {
		answer.PartialSuccess().SetRejectedLogRecords(int64(result.Refused()))
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

func (s *Server) writeOTLPLogs(w http.ResponseWriter, r *http.Request, json bool) (result ingest.LogsResult, err error) {
	body, release, err := s.readEncoded(w, r, s.set.Ingest.Config())
	defer release()
	if err != nil {
		return result, err
	}
	// Decoded records take several times the memory of the body.
	done, err := s.set.Ingest.Reserve(int64(len(body)))
	if err != nil {
		return result, err
	}
	defer done()
	ld, err := ingest.DecodeOTLPLogs(body, json)
	if err != nil || ld.LogRecordCount() == 0 { // an empty request is a success
		return result, err
	}
	return s.set.LogsPush.WriteOTLPLogs(r.Context(), ld)
}
