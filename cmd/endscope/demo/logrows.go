package demo

import (
	"time"

	"github.com/endscope/endscope/cmd/endscope/demo/scoring"
)

// who is what every row of a log says of where it comes from. Field names here and below are those of the tables' columns.
type who struct {
	EndpointName   string
	DeploymentName string
	InstanceId     string
}

// trafficRow is one request. What is not known is left out: a model that was not asked has no status and no time.
type trafficRow struct {
	TimeGenerated time.Time
	who
	Method                    string
	Path                      string
	Protocol                  string
	AuthType                  string `json:",omitempty"`
	IdentityData              string `json:",omitempty"`
	ResponseCode              int
	ResponseCodeReason        string
	ModelStatusCode           int    `json:",omitempty"`
	ModelStatusReason         string `json:",omitempty"`
	RequestPayloadSize        int
	ResponsePayloadSize       int
	UserAgent                 string
	XRequestId                string
	XMSClientRequestId        string `json:",omitempty"`
	RequestDurationMs         int64
	ResponseDurationMs        *int64 `json:",omitempty"`
	TotalDurationMs           int64
	RequestThrottlingDelayMs  int64
	ResponseThrottlingDelayMs int64
}

// longestUserAgent is how many bytes of a user agent are kept.
const longestUserAgent = 70

func newTrafficRow(w who, t scoring.Traffic) trafficRow {
	row := trafficRow{
		TimeGenerated: t.Time.UTC(), who: w, Method: t.Method, Path: t.Path, Protocol: t.Protocol, AuthType: t.Auth, IdentityData: t.Identity,
		ResponseCode: t.Status, ResponseCodeReason: scoring.StatusReason(t.Status), RequestPayloadSize: t.RequestSize, ResponsePayloadSize: t.AnswerSize,
		UserAgent: t.UserAgent[:min(len(t.UserAgent), longestUserAgent)], XRequestId: t.ID, XMSClientRequestId: t.ClientID,
		RequestDurationMs: t.Received.Milliseconds(), TotalDurationMs: t.Total.Milliseconds(),
		RequestThrottlingDelayMs: t.RequestDelay.Milliseconds(), ResponseThrottlingDelayMs: t.AnswerDelay.Milliseconds(),
	}
	if t.ModelStatus != 0 {
		row.ModelStatusCode, row.ModelStatusReason = t.ModelStatus, scoring.StatusReason(t.ModelStatus)
	}
	if t.Answered != 0 {
		ms := t.Answered.Milliseconds()
		row.ResponseDurationMs = &ms
	}
	return row
}

// consoleRow is one line that a container printed.
type consoleRow struct {
	TimeGenerated time.Time
	who
	ContainerName      string
	ContainerImageName string
	Message            string
}

// eventRow is one thing that happened to a container.
type eventRow struct {
	TimeGenerated time.Time
	who
	Name    string
	Message string
}
