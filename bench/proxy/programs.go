package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/endscope/endscope/bench/kit"
	"github.com/endscope/endscope/internal/subproc"
)

// stopTime is how long the programs have to end.
const stopTime = 20 * time.Second

// way is one of the ways to the model server.
type way struct {
	name    string
	addr    string
	process *subproc.Process // what stands on the way; nil for the direct one
}

// nginxConf has what a careful operator would write: connections to the model are kept, and every request is logged.
const nginxConf = `daemon off;
master_process off;
pid %[1]s/pid;
error_log %[1]s/error.log;
events { worker_connections 4096; }
http {
  access_log %[1]s/access.log;
  client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  keepalive_requests 100000000;
  upstream model { server %[3]s; keepalive 256; keepalive_requests 100000000; }
  server {
    listen %[2]s;
    location / {
      proxy_pass http://model;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Request-Id $request_id;
      proxy_buffering off;
      proxy_request_buffering off;
    }
  }
}
`

// start runs the model server and the proxies in front of it. The caller calls stop, also after an error.
func start(ctx context.Context, o options, dir string) (model *subproc.Process, ways []way, stop func(), err error) {
	var running []*subproc.Process
	stop = func() {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		for i := len(running) - 1; i >= 0; i-- {
			_ = running[i].Stop(within) // one that does not end is killed, and what it measured is known by now
		}
	}
	launch := func(name, addr, program string, args ...string) (*subproc.Process, error) {
		p, err := subproc.Start(filepath.Join(dir, name+".log"), program, args...)
		if err != nil {
			return nil, err
		}
		running = append(running, p)
		return p, p.Await(ctx, func(context.Context) error {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				return err
			}
			return c.Close()
		})
	}
	var addrs [3]string
	for i := range addrs {
		if addrs[i], err = subproc.FreeAddr(); err != nil {
			return nil, nil, stop, err
		}
	}
	own := func(args ...string) (string, []string) {
		return o.self[0], append(append(append([]string{}, o.self[1:]...), childWord), args...)
	}

	program, args := own("model", addrs[0], fmt.Sprint(o.size))
	if model, err = launch("model", addrs[0], program, args...); err != nil {
		return nil, nil, stop, err
	}
	program, args = own("proxy", addrs[1], "http://"+addrs[0], dir, o.profile)
	if o.agent != "" {
		program, args = o.agent, []string{
			"run", "--server", "http://127.0.0.1:1", "--endpoint", "bench", "--deployment", "blue", "--instance", "a", "--data-dir", filepath.Join(dir, "agent"),
			"--metrics.listen", "", "--log.level", "error", "--proxy.listen", addrs[1], "--proxy.target", "http://" + addrs[0],
		}
	}
	endscope, err := launch("endscope", addrs[1], program, args...)
	if err != nil {
		return nil, nil, stop, err
	}
	if o.nginx == "" {
		root, err := kit.FindRoot()
		if err != nil {
			return nil, nil, stop, err
		}
		o.nginx = filepath.Join(root, ".cache", "debian", "bin", "nginx")
	}
	if _, err := os.Stat(o.nginx); err != nil {
		return nil, nil, stop, fmt.Errorf("%w (scripts/debian-tools nginx)", err)
	}
	conf := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, nginxConf, dir, addrs[2], addrs[0]), 0o644); err != nil {
		return nil, nil, stop, err
	}
	nginx, err := launch("nginx", addrs[2], o.nginx, "-c", conf, "-p", dir)
	if err != nil {
		return nil, nil, stop, err
	}
	return model, []way{{"direct", addrs[0], nil}, {"Endscope", addrs[1], endscope}, {"nginx", addrs[2], nginx}}, stop, nil
}
