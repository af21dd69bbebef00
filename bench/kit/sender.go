package kit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// requestTimeout bounds one request, so that a server that hangs is a failure and not a hang.
const requestTimeout = 60 * time.Second

// Sender is one keep-alive connection that speaks HTTP/1.1 by hand, because it shares the machine with the server that it loads. Not safe for concurrent use.
type Sender struct {
	addr string
	head string // request line and headers, without the length
	conn net.Conn
	in   *bufio.Reader
	out  []byte
}

// NewSender returns a sender that posts to path at addr with header lines, each of which ends with \r\n. It connects when it first sends.
func NewSender(addr, path, header string) *Sender {
	return &Sender{addr: addr, head: "POST " + path + " HTTP/1.1\r\nHost: " + addr + "\r\n" + header}
}

// Close closes the connection, if there is one. The sender can be used again.
func (s *Sender) Close() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}

// Send posts body and waits for the answer; any status but 2xx is an error that holds the answer's text.
func (s *Sender) Send(body []byte) (err error) {
	if s.conn == nil {
		if s.conn, err = net.DialTimeout("tcp", s.addr, requestTimeout); err != nil {
			return err
		}
		s.in = bufio.NewReader(s.conn)
	}
	keep := false
	defer func() {
		if !keep {
			s.Close()
		}
	}()
	if err := s.conn.SetDeadline(time.Now().Add(requestTimeout)); err != nil {
		return err
	}
	s.out = fmt.Appendf(s.out[:0], "%sContent-Length: %d\r\n\r\n", s.head, len(body))
	buffers := net.Buffers{s.out, body}
	if _, err := buffers.WriteTo(s.conn); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	resp, err := http.ReadResponse(s.in, nil)
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	text, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	keep = !resp.Close
	if resp.StatusCode/100 != 2 {
		return errors.New(resp.Status + ": " + strings.TrimSpace(string(text[:min(len(text), 500)])))
	}
	return nil
}
