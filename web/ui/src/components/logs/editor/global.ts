/** Scripts of the Kusto language service call the global object as Node does. */
(globalThis as { global?: unknown }).global = globalThis;
