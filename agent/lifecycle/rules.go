package lifecycle

// server is a kind of model server, as its console lines tell.
type server string

const (
	vllm   server = "vllm"
	sglang server = "sglang"
	triton server = "triton"
	tgi    server = "tgi"
)

// mark is what a line says.
type mark int

const (
	names  mark = iota // only which server it is
	begins             // the phase begins
	ends               // the phase ends; with `after`, the line tells how long it took
	parts              // a part of the phase took so long; the phase goes on
	sums               // the phase took so long in all: replaces what lines of its parts said
	skips              // the phase that has begun is not needed
	fails              // the phase has failed
	ready              // the server takes requests
)

// rule recognises one line. Texts are those that the servers print, over the versions that are known; letter case counts, as servers change words
// more often than case.
type rule struct {
	server server
	phase  Phase
	mark   mark
	has    string // the line holds this
	with   string // and this, when not empty
	after  string // seconds follow the last of these, when not empty
	key    string // a name follows this and tells pieces of work apart; otherwise the rank of the worker does
	shared bool   // other servers print this, too: it counts only when the server is known
}

// rules is the table of all lines. docs/agent/lifecycle.md shows it to operators; a test compares them.
func rules() []rule {
	return []rule{
		{server: vllm, mark: names, has: "vLLM API server"},
		{server: vllm, mark: names, has: "LLM engine", with: "Initializing a"},
		{server: vllm, phase: WeightsLoad, mark: begins, has: "Starting to load model "},
		{server: vllm, phase: WeightsLoad, mark: begins, has: "Loading model from scratch..."},
		{server: vllm, phase: ModelDownload, mark: ends, has: "Time spent downloading weights for ", after: ": "},
		{server: vllm, phase: WeightsLoad, mark: ends, has: "Loading weights took ", after: "took "},
		{server: vllm, phase: WeightsLoad, mark: ends, has: "Model loading took ", after: " and "},
		{server: vllm, phase: WeightsLoad, mark: ends, has: "Loading model weights took ", after: " and "},
		{server: vllm, phase: Compile, mark: begins, has: " for vLLM's torch.compile"},
		{server: vllm, phase: Compile, mark: parts, has: "Dynamo bytecode transform time: ", after: "time: "},
		{server: vllm, phase: Compile, mark: parts, has: "Compiling a graph for ", with: " takes ", after: " takes "},
		{server: vllm, phase: Compile, mark: parts, has: "Directly load the compiled graph", with: " took ", after: " took "},
		{server: vllm, phase: Compile, mark: sums, has: "torch.compile takes ", after: "takes "},
		{server: vllm, phase: Compile, mark: sums, has: "torch.compile took ", after: "took "},
		{server: vllm, phase: GraphCapture, mark: begins, has: "Capturing the model for CUDA graphs"},
		{server: vllm, phase: GraphCapture, mark: begins, has: "Capturing CUDA graph"},
		{server: vllm, phase: GraphCapture, mark: begins, has: "Capturing cudagraphs for "},
		{server: vllm, phase: GraphCapture, mark: ends, has: "Graph capturing finished in ", after: "finished in "},
		{server: vllm, phase: WarmUp, mark: ends, has: "init engine ", with: " took ", after: " took "},
		{server: vllm, mark: ready, has: "Application startup complete.", shared: true},

		{server: sglang, mark: names, has: "server_args=ServerArgs("},
		{server: sglang, mark: names, has: "Init torch distributed begin"},
		{server: sglang, phase: WeightsLoad, mark: begins, has: "Load weight begin"},
		{server: sglang, phase: WeightsLoad, mark: ends, has: "Load weight end", after: "elapsed="},
		{server: sglang, phase: GraphCapture, mark: begins, has: "Capture ", with: " graph begin"},
		{server: sglang, phase: GraphCapture, mark: ends, has: "Capture ", with: " graph end", after: "lapsed: "},
		{server: sglang, phase: WarmUp, mark: begins, has: "Running FlashInfer autotune", shared: true},
		{server: sglang, phase: WarmUp, mark: begins, has: "Application startup complete.", shared: true},
		{server: sglang, phase: WarmUp, mark: ends, has: "The server is fired up and ready to roll"},
		{server: sglang, mark: ready, has: "The server is fired up and ready to roll"},

		{server: triton, mark: names, has: "Initializing Triton Inference Server"},
		{server: triton, phase: WeightsLoad, mark: begins, has: "loading: ", with: "model_lifecycle.cc", key: "loading: "},
		{server: triton, phase: WeightsLoad, mark: begins, has: "loading: ", with: "model_repository_manager.cc", key: "loading: "},
		{server: triton, phase: WeightsLoad, mark: ends, has: "successfully loaded '", key: "successfully loaded "},
		{server: triton, phase: WeightsLoad, mark: fails, has: "failed to load '", key: "failed to load "},
		{server: triton, mark: ready, has: "Started GRPCInferenceService at"},
		{server: triton, mark: ready, has: "Started HTTPService at"},

		{server: tgi, mark: names, has: "text_generation_launcher"},
		{server: tgi, phase: ModelDownload, mark: begins, has: "text_generation_launcher", with: "download process"},
		{server: tgi, phase: ModelDownload, mark: skips, has: "Files are already present on the host. Skipping download"},
		{server: tgi, phase: ModelDownload, mark: ends, has: "text_generation_launcher", with: "Successfully downloaded weights"},
		{server: tgi, phase: WeightsLoad, mark: begins, has: "text_generation_launcher", with: "Starting shard"},
		{server: tgi, phase: WeightsLoad, mark: ends, has: "Shard ", with: "ready in ", after: "ready in "},
		{server: tgi, phase: WarmUp, mark: begins, has: "text_generation_router", with: "Warming up model"},
		{server: tgi, phase: GraphCapture, mark: begins, has: "Cuda Graphs are enabled for sizes"},
		{server: tgi, phase: GraphCapture, mark: ends, has: "Setting max batch total tokens to "},
		{server: tgi, phase: WarmUp, mark: ends, has: "Setting max batch total tokens to "},
		{server: tgi, phase: WarmUp, mark: ends, has: "text_generation_router", with: "Connected"},
		{server: tgi, mark: ready, has: "text_generation_router", with: "Connected"},
	}
}
