package resources

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Resource is one stored document.
type Resource struct {
	Key
	// Version begins at 1 and rises by one with every change, also over a deletion.
	Version int64 `json:"version"`
	// Spec is the document in its kind's canonical form, secrets included. Never show it: Redacted is for that.
	Spec     json.RawMessage `json:"-"`
	Redacted json.RawMessage `json:"spec"`
	// ETag is a strong entity tag with its quotes. It tells nothing of the secrets.
	ETag      string    `json:"etag"`
	Source    string    `json:"source,omitempty"` // what provisions it, and makes it read-only; empty where people made it
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	UpdatedBy string    `json:"updatedBy,omitempty"`
}

// etag is made of everything that a client can see change, with a key that keeps the spec's secrets from being guessed by it.
func etag(key []byte, r *Resource) string {
	h := sha256.New()
	part := func(b []byte) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
		h.Write(b)
	}
	part(key)
	part([]byte(r.Kind))
	part([]byte(r.Name))
	part([]byte(r.Source))
	part(r.Spec)
	return `"` + strconv.FormatInt(r.Version, 10) + "-" + hex.EncodeToString(h.Sum(nil)[:8]) + `"`
}

// tagMatches says whether one of the entity tags in a header's value is the given strong one; `*` matches each but the empty one.
func tagMatches(header, tag string) bool {
	if tag == "" {
		return false
	}
	for one := range strings.SplitSeq(header, ",") {
		if one = strings.TrimSpace(one); one == "*" || one == tag {
			return true
		}
	}
	return false
}

// checkConditions returns a *ConflictError where the current resource (nil for none) is not what the change expects.
func checkConditions(k Key, current *Resource, ifMatch, ifNoneMatch string) error {
	tag := ""
	if current != nil {
		tag = current.ETag
	}
	if ifMatch != "" && !tagMatches(ifMatch, tag) {
		return &ConflictError{Key: k, Current: tag, Given: ifMatch}
	}
	if ifNoneMatch != "" && tagMatches(ifNoneMatch, tag) {
		return &ConflictError{Key: k, Current: tag, Given: "*"}
	}
	return nil
}
