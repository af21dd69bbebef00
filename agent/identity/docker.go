package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/endscope/endscope/scopes"
)

const (
	maxDocker     = 4 << 20 // an answer of the engine
	dockerTimeout = 5 * time.Second
)

// container is what the engine says of one container.
type container struct {
	ID, Name, Image string
	Labels          map[string]string
}

var (
	cgroupID = regexp.MustCompile(`[/-]([0-9a-f]{64})(\.scope)?$`)
	// mountID matches the files that an engine puts over those of the image. Layers of the image have such identifiers, too.
	mountID = regexp.MustCompile(`/([0-9a-f]{64})/(?:userdata/)?(?:hostname|hosts|resolv\.conf)$`)
	hostID  = regexp.MustCompile(`^[0-9a-f]{12}([0-9a-f]{52})?$`)
)

// readDocker reads the labels of the container that the operator named, or of the agent's own. Its error is that a named one cannot be read;
// what goes wrong with the agent's own is a note.
func readDocker(ctx context.Context, f *finding, cfg Config, set Settings) error {
	id, own := cfg.DockerContainer, false
	if id == "" {
		id, own = ownContainer(set), true
	}
	if id == "" {
		return nil
	}
	if _, err := os.Stat(cfg.DockerSocket); own && errors.Is(err, fs.ErrNotExist) {
		return nil // the usual case: the engine is none of the container's business
	}
	c, err := askDocker(ctx, cfg.DockerSocket, id)
	if err != nil {
		if own {
			f.note("docker: %v", err)
			return nil
		}
		return fmt.Errorf("identity.docker_container: %w", err)
	}
	of := "Docker container " + c.Name
	stateFromLabels(f, cfg, c.Labels, "label", of)
	f.suggest(scopes.LevelEndpoint, c.Labels["com.docker.compose.project"], "label com.docker.compose.project of "+of)
	f.suggest(scopes.LevelDeployment, c.Labels["com.docker.compose.service"], "label com.docker.compose.service of "+of)
	if f.Container.Value == "" {
		f.Container = Value{c.Name, "the Docker engine"}
	}
	if f.Image == "" && f.Container.Value == c.Name {
		f.Image = c.Image
	}
	return nil
}

// ownContainer returns the identifier of the container that this process runs in, and "" outside containers.
func ownContainer(set Settings) string {
	if text, err := readBounded(filepath.Join(set.Root, "/proc/self/cgroup")); err == nil {
		for line := range strings.Lines(text) {
			if m := cgroupID.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
				return m[1]
			}
		}
	}
	if text, err := readBounded(filepath.Join(set.Root, "/proc/self/mountinfo")); err == nil {
		for line := range strings.Lines(text) { // the fourth field is the mount's place in its file system
			if fields := strings.Fields(line); len(fields) > 4 {
				if m := mountID.FindStringSubmatch(fields[3]); m != nil {
					return m[1]
				}
			}
		}
	}
	if host, err := set.Hostname(); err == nil && hostID.MatchString(host) {
		return host
	}
	return ""
}

// askDocker asks the engine behind the socket for one container.
func askDocker(ctx context.Context, socket, id string) (container, error) {
	ctx, cancel := context.WithTimeout(ctx, dockerTimeout)
	defer cancel()
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
		DisableKeepAlives: true,
	}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/containers/"+url.PathEscape(id)+"/json", nil)
	if err != nil {
		return container{}, err
	}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err
		}
		return container{}, fmt.Errorf("%s does not answer: %w", socket, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxDocker+1))
	switch {
	case err != nil:
		return container{}, fmt.Errorf("%s: the answer broke off: %w", socket, err)
	case resp.StatusCode == http.StatusNotFound:
		return container{}, fmt.Errorf("%s knows no container %s", socket, id)
	case resp.StatusCode != http.StatusOK:
		return container{}, fmt.Errorf("%s answers %d for container %s", socket, resp.StatusCode, id)
	case len(body) > maxDocker:
		return container{}, fmt.Errorf("%s: the answer for container %s is larger than %d bytes", socket, id, maxDocker)
	}
	c, err := parseContainer(body)
	if err != nil {
		return container{}, fmt.Errorf("%s: container %s: %w", socket, id, err)
	}
	return c, nil
}

// parseContainer reads the engine's answer to GET /containers/ID/json.
func parseContainer(body []byte) (container, error) {
	var in struct {
		ID     string `json:"Id"`
		Name   string
		Config struct {
			Image  string
			Labels map[string]string
		}
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return container{}, fmt.Errorf("the answer is not what Docker says: %w", err)
	}
	c := container{ID: in.ID, Name: strings.TrimPrefix(in.Name, "/"), Image: in.Config.Image, Labels: in.Config.Labels}
	if c.ID == "" || c.Name == "" {
		return container{}, errors.New("the answer has no Id and no Name, as Docker's does")
	}
	return c, nil
}
