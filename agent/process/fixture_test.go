package process

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// machine is a made-up /proc and /sys.
type machine struct {
	t    *testing.T
	root string
}

func newMachine(t *testing.T) machine {
	m := machine{t, t.TempDir()}
	m.write("proc/uptime", "1000.50 900.00\n")
	m.write("proc/sys/kernel/random/boot_id", "8d6b4a0e-0000-4000-8000-000000000001\n")
	return m
}

func (m machine) write(name, text string) {
	m.t.Helper()
	name = filepath.Join(m.root, name)
	require.NoError(m.t, os.MkdirAll(filepath.Dir(name), 0o700))
	require.NoError(m.t, os.WriteFile(name, []byte(text), 0o600))
}

// process adds one; the session is its own unless told.
func (m machine) process(pid, parent int, comm, command, cgroup string, ticks int, session int) {
	m.t.Helper()
	dir := "proc/" + strconv.Itoa(pid)
	m.write(dir+"/stat", fmt.Sprintf("%d (%s) S %d %d %d 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 %d 1000 10 0\n", pid, comm, parent, session, session, ticks))
	m.write(dir+"/cmdline", command)
	m.write(dir+"/cgroup", "0::"+cgroup+"\n")
	require.NoError(m.t, os.MkdirAll(filepath.Join(m.root, dir, "fd"), 0o700))
}

func (m machine) holds(pid int, inode string) {
	m.t.Helper()
	require.NoError(m.t, os.Symlink("socket:["+inode+"]", filepath.Join(m.root, "proc", strconv.Itoa(pid), "fd", "3")))
}

const tcpHeader = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

func tcpLine(port int, state, inode string) string {
	return fmt.Sprintf("   0: 0100007F:%04X 00000000:0000 %s 00000000:00000000 00:00000000 00000000  1000        0 %s 1 0000 100 0 0 10 0\n", port, state, inode)
}

// A launcher of Text Generation Inference starts shards and the router that listens; all are the instance's.
func TestTheTreeBeginsAtAKnownLauncher(t *testing.T) {
	m := newMachine(t)
	m.process(1, 0, "systemd", "/sbin/init\x00", "/init.scope", 1, 1)
	m.process(50, 1, "bash", "bash\x00", "/user.slice/s.scope", 1000, 50)
	m.process(100, 50, "text-generation", "text-generation-launcher\x00--model-id\x00m\x00", "/user.slice/s.scope", 50050, 50)
	m.process(101, 100, "text-generation", "python server serve\x00", "/user.slice/s.scope", 50100, 50)
	m.process(102, 100, "text-generation", "text-generation-router\x00", "/user.slice/s.scope", 50200, 50)
	m.process(103, 101, "python (x) y", "worker\x00", "/user.slice/s.scope", 50300, 103)
	m.process(200, 50, "other", "other\x00", "/user.slice/s.scope", 60000, 50)
	m.holds(102, "777")
	m.write("proc/net/tcp", tcpHeader+tcpLine(8080, "01", "776")+tcpLine(8080, "0A", "777"))
	f := find(t, Config{Port: 8080}, Settings{Root: m.root})
	main, err := f.Find()
	require.NoError(t, err)
	require.Equal(t, 100, main.PID)
	require.Equal(t, "text-generation-launcher --model-id m", main.Command)
	require.WithinDuration(t, time.Now().Add(-500*time.Second), main.Start, 10*time.Second)
	require.Equal(t, []int{100, 101, 102, 103}, f.PIDs())
	require.Nil(t, f.Tree(4711))
}

func TestAForwarderIsNotTheServer(t *testing.T) {
	m := newMachine(t)
	m.process(300, 1, "docker-proxy", "/usr/bin/docker-proxy\x00-host-port\x008000\x00", "/system.slice/docker.service", 5, 300)
	m.holds(300, "12")
	m.write("proc/net/tcp", tcpHeader+tcpLine(8000, "0A", "12"))
	_, err := find(t, Config{Port: 8000}, Settings{Root: m.root}).Find()
	require.ErrorIs(t, err, ErrNotFound)
	require.ErrorContains(t, err, "docker-proxy; name the server with lifecycle.process.pid_file, cgroup or command")

	m.write("proc/net/tcp6", tcpHeader+tcpLine(8001, "0A", "99"))
	_, err = find(t, Config{Port: 8001}, Settings{Root: m.root}).Find()
	require.ErrorContains(t, err, "that the agent cannot see")
	_, err = find(t, Config{Port: 8002}, Settings{Root: m.root}).Find()
	require.ErrorContains(t, err, "nothing listens on port 8002")
}

// The first process of a container owns its cgroup; what lost its parent in there is still the instance's.
func TestACgroupOfTheProcessHoldsItsOrphans(t *testing.T) {
	m := newMachine(t)
	const group = "/kubepods/pod1/0123"
	m.process(10, 1, "containerd-shim", "shim\x00", "/system.slice/containerd.service", 10, 10)
	m.process(20, 10, "python3", "python3\x00-m\x00vllm\x00", group, 20, 20)
	m.process(21, 20, "worker", "worker\x00", group, 21, 20)
	m.process(22, 10, "orphan", "orphan\x00", group, 22, 22)
	m.process(30, 10, "sidecar", "sidecar\x00", "/kubepods/pod1/4567", 30, 30)
	f := find(t, Config{PID: 20}, Settings{Root: m.root})
	require.Equal(t, []int{20, 21, 22}, f.PIDs())
	require.Equal(t, []int{21}, f.Tree(21), "a part of the container does not own it")
}

func TestAllProcessesOfTheChosenCgroupAreTheInstances(t *testing.T) {
	m := newMachine(t)
	m.process(20, 1, "bash", "bash\x00run.sh\x00", "/model", 20, 20)
	m.process(21, 20, "server", "server\x00", "/model", 21, 21)
	m.process(40, 1, "helper", "helper\x00", "/model/sub", 19, 40)
	m.process(50, 1, "x", "x\x00", "/else", 1, 50)
	m.write("sys/fs/cgroup/model/cgroup.procs", "0\n20\n21\n")
	m.write("sys/fs/cgroup/model/sub/cgroup.procs", "40\n")
	f := find(t, Config{Cgroup: "/model"}, Settings{Root: m.root})
	main, err := f.Find()
	require.NoError(t, err)
	require.Equal(t, 40, main.PID, "the oldest that comes from none of the others")
	require.Equal(t, []int{20, 21, 40}, f.PIDs())
	main, err = find(t, Config{Cgroup: "/model", Command: "^bash"}, Settings{Root: m.root}).Find()
	require.NoError(t, err)
	require.Equal(t, 20, main.PID)
	_, err = find(t, Config{Cgroup: "/none"}, Settings{Root: m.root}).Find()
	require.ErrorContains(t, err, "no cgroup /none")
}

func TestAnIdThatAnotherProcessGotIsTold(t *testing.T) {
	m := newMachine(t)
	m.process(20, 1, "server", "server\x00", "/", 20, 20)
	m.process(21, 20, "worker", "worker\x00", "/", 21, 21)
	f := find(t, Config{PID: 20}, Settings{Root: m.root})
	first, err := f.Find()
	require.NoError(t, err)
	require.Equal(t, []int{20, 21}, f.PIDs())
	m.process(20, 1, "server", "server\x00", "/", 5000, 20)
	m.process(21, 1, "worker", "worker\x00", "/", 21, 21)
	require.False(t, f.Alive(first))
	second, err := f.Find()
	require.NoError(t, err)
	require.False(t, second.Same(first))
	require.Equal(t, []int{20}, f.PIDs(), "what the one before had started is not the new one's")
}

func TestKillsForMemoryAreTold(t *testing.T) {
	m := newMachine(t)
	m.process(20, 1, "server", "server\x00", "/pod/a", 20, 20)
	f := find(t, Config{PID: 20}, Settings{Root: m.root})
	main, err := f.Find()
	require.NoError(t, err)
	_, ok := f.OOMKills(main)
	require.False(t, ok, "no such file is not a zero")
	m.write("sys/fs/cgroup/pod/a/memory.events", "low 0\nhigh 3\nmax 7\noom 2\noom_kill 1\noom_group_kill 0\n")
	n, ok := f.OOMKills(main)
	require.True(t, ok)
	require.Equal(t, 1, n)
	m.write("sys/fs/cgroup/memory/old/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n")
	n, ok = f.OOMKills(Main{Cgroup: "/old"})
	require.True(t, ok)
	require.Equal(t, 4, n)
	_, ok = f.OOMKills(Main{Cgroup: "/../b"})
	require.False(t, ok)
}

func FuzzStat(f *testing.F) {
	f.Add("20 (a b) (c)) S 1 20 20 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 5000 1000 10 0\n")
	f.Add("1 () Z 0 0 0")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseStat(text)
		if err == nil {
			require.Positive(t, s.pid)
			require.NotZero(t, s.state)
		}
	})
}

func FuzzListener(f *testing.F) {
	f.Add(tcpLine(8000, "0A", "12"))
	f.Add("   1: 00000000000000000000000001000000:1F40 0:0 0A 0:0 0:0 0 0 0 99")
	f.Fuzz(func(t *testing.T, line string) {
		port, inode, ok := parseListener(line)
		if ok {
			require.Positive(t, port)
			require.LessOrEqual(t, port, 65535)
			require.NotEmpty(t, inode)
		}
	})
}
