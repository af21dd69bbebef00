package main

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// world is the fleet whose logs are made up: endpoints with two deployments of four instances each.
type world struct {
	endpoints int
	start     time.Time
	length    time.Duration
}

const (
	deployments = 2
	instances   = 4
)

func (w world) endpoint(i int) string { return fmt.Sprintf("credit-%02d", i) }

// maker makes rows of one table, in order of time over the whole length with a little disorder. The same seed makes the same rows.
type maker struct {
	world
	r     *rand.Rand
	total int
	buf   []byte
}

func newMaker(w world, seed uint64, total int) *maker {
	return &maker{world: w, r: rand.New(rand.NewPCG(seed, 7)), total: total}
}

// uuid returns a random id.
func (m *maker) uuid() string { return uuidOf(m.r.Uint64(), m.r.Uint64()) }

// requestID returns the id of request i, which the traffic log and a line of the console log name.
func requestID(i int) string {
	pcg := rand.NewPCG(uint64(i), 11)
	return uuidOf(pcg.Uint64(), pcg.Uint64())
}

func uuidOf(x, y uint64) string {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], x)
	binary.LittleEndian.PutUint64(b[8:], y)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	var t [36]byte
	hex.Encode(t[0:8], b[0:4])
	t[8] = '-'
	hex.Encode(t[9:13], b[4:6])
	t[13] = '-'
	hex.Encode(t[14:18], b[6:8])
	t[18] = '-'
	hex.Encode(t[19:23], b[8:10])
	t[23] = '-'
	hex.Encode(t[24:36], b[10:16])
	return string(t[:])
}

func (m *maker) at(i int) time.Time {
	t := m.start.Add(time.Duration(float64(m.length) * float64(i) / float64(m.total)))
	return t.Add(-time.Duration(m.r.IntN(2_000_000)) * time.Microsecond)
}

func (m *maker) text(name, v string) {
	m.buf = append(m.buf, ',', '"')
	m.buf = append(m.buf, name...)
	m.buf = append(m.buf, '"', ':', '"')
	m.buf = append(m.buf, v...)
	m.buf = append(m.buf, '"')
}

func (m *maker) number(name string, v int) {
	m.buf = append(m.buf, ',', '"')
	m.buf = append(m.buf, name...)
	m.buf = append(m.buf, '"', ':')
	m.buf = strconv.AppendInt(m.buf, int64(v), 10)
}

func (m *maker) begin(t time.Time) {
	m.buf = append(m.buf, `{"TimeGenerated":"`...)
	m.buf = t.AppendFormat(m.buf, "2006-01-02T15:04:05.000000Z")
	m.buf = append(m.buf, '"')
}

var (
	paths   = []string{"/score", "/score", "/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/health"}
	agents  = []string{"python-requests/2.32.3", "azure-ai-ml/1.23 Python/3.11", "Go-http-client/2.0", "curl/8.9.1", "openai-python/1.55.0", "okhttp/4.12.0", "axios/1.7.7", "aiohttp/3.10"}
	reasons = map[int]string{200: "OK", 400: "Bad Request", 424: "Failed Dependency", 429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}
)

func (m *maker) status() (code, model int) {
	switch n := m.r.IntN(1000); {
	case n < 965:
		return 200, 200
	case n < 975:
		return 400, 400
	case n < 985:
		return 424, 500
	case n < 992:
		return 429, 0
	case n < 996:
		return 500, 500
	}
	return 503, 0
}

// traffic appends row i of the traffic log: 26 fields, as a proxy beside an instance writes them.
func (m *maker) traffic(i int) {
	e, d, n := m.r.IntN(m.endpoints), m.r.IntN(deployments), m.r.IntN(instances)
	code, model := m.status()
	id := requestID(i)
	upload := 1 + m.r.IntN(8)
	wait := upload + 5 + int(m.r.ExpFloat64()*60)
	total := wait + m.r.IntN(12)
	m.begin(m.at(i))
	m.text("Method", "POST")
	m.text("Path", paths[m.r.IntN(len(paths))])
	m.text("Protocol", "HTTP/1.1")
	m.text("AzureMLWorkspaceName", "production")
	m.text("EndpointName", m.endpoint(e))
	m.text("DeploymentName", []string{"blue", "green"}[d])
	m.text("InstanceId", fmt.Sprintf("node-%02d-%d", e*deployments+d, n))
	m.text("Location", "local")
	m.text("AuthType", "Key")
	m.text("IdentityData", "")
	m.number("ResponseCode", code)
	m.text("ResponseCodeReason", reasons[code])
	m.number("ModelStatusCode", model)
	m.text("ModelStatusReason", reasons[model])
	m.number("RequestPayloadSize", 200+m.r.IntN(3000))
	m.number("ResponsePayloadSize", 80+m.r.IntN(900))
	m.text("UserAgent", agents[(e+m.r.IntN(2))%len(agents)])
	m.text("XRequestId", id)
	if m.r.IntN(2) == 0 {
		m.text("XMSClientRequestId", m.uuid())
	} else {
		m.text("XMSClientRequestId", "")
	}
	m.number("RequestDurationMs", upload)
	m.number("ResponseDurationMs", wait)
	m.number("TotalDurationMs", total)
	delay := 0
	if m.r.IntN(500) == 0 {
		delay = 1 + m.r.IntN(400)
	}
	m.number("RequestThrottlingDelayMs", delay)
	m.number("ResponseThrottlingDelayMs", 0)
	m.text("OperationName", "InferenceRequest")
	m.buf = append(m.buf, '}', '\n')
}

// console appends line i of the console log.
func (m *maker) console(i int) {
	e, d, n := m.r.IntN(m.endpoints), m.r.IntN(deployments), m.r.IntN(instances)
	m.begin(m.at(i))
	m.text("EndpointName", m.endpoint(e))
	m.text("DeploymentName", []string{"blue", "green"}[d])
	m.text("InstanceId", fmt.Sprintf("node-%02d-%d", e*deployments+d, n))
	m.text("ContainerName", "inference-server")
	m.text("ContainerImageName", "registry.local/credit-default:4.2")
	m.buf = append(m.buf, `,"Message":"`...)
	switch k := m.r.IntN(1000); {
	case k < 700:
		m.buf = fmt.Appendf(m.buf, "INFO:     10.0.%d.%d:%d - \\\"POST /score HTTP/1.1\\\" 200 OK", m.r.IntN(256), m.r.IntN(256), 20000+m.r.IntN(40000))
	case k < 940:
		m.buf = fmt.Appendf(m.buf, "INFO scored request %s in %d ms batch=%d", requestID(i), 5+int(m.r.ExpFloat64()*60), 1+m.r.IntN(32))
	case k < 995:
		m.buf = fmt.Appendf(m.buf, "WARNING queue depth %d above 8, shedding is near", 9+m.r.IntN(40))
	case k < 999:
		m.buf = append(m.buf, `ERROR Traceback (most recent call last): File \"/app/score.py\", line 88, in run: ValueError: feature income is missing`...)
	default:
		m.buf = append(m.buf, `CRITICAL CUDA out of memory: tried to allocate 2.50 GiB`...)
	}
	m.buf = append(m.buf, '"', '}', '\n')
}

// event appends event i.
func (m *maker) event(i int) {
	e, d, n := m.r.IntN(m.endpoints), m.r.IntN(deployments), m.r.IntN(instances)
	names := []string{"Pulled", "Created", "Started", "ReadinessProbeFailed", "LivenessProbeFailed", "Killing", "BackOff"}
	k := m.r.IntN(len(names))
	m.begin(m.at(i))
	m.text("EndpointName", m.endpoint(e))
	m.text("DeploymentName", []string{"blue", "green"}[d])
	m.text("InstanceId", fmt.Sprintf("node-%02d-%d", e*deployments+d, n))
	m.text("Name", names[k])
	m.text("Message", []string{"Container image is present", "Created container inference-server", "Started container inference-server", "Readiness probe failed: connection refused", "Liveness probe failed: timeout", "Stopping container inference-server", "Back-off restarting failed container"}[k])
	m.buf = append(m.buf, '}', '\n')
}
