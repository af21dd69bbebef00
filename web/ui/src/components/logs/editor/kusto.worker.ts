/** The worker of the Kusto language service. Its scripts, compiled from C#, look for Node's global, so that must be there before they run. */

import './global';
import '@kusto/monaco-kusto/release/esm/kusto.worker';
