/** Server-sent events out of a stream of text. */

export interface ServerEvent {
  name: string;
  data: string;
}

/** Cuts a stream into events, whatever the pieces that it comes in. Comments, which only say that the server is there, are none. */
export class EventParser {
  private rest = '';

  push(piece: string): ServerEvent[] {
    const blocks = (this.rest + piece).replaceAll('\r\n', '\n').split('\n\n');
    this.rest = blocks.pop() ?? '';
    return blocks.flatMap(parse);
  }
}

function parse(block: string): ServerEvent[] {
  let name = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, field, value] = /^([^:]+):? ?(.*)$/.exec(line) ?? [];
    if (field === 'event') name = value ?? '';
    else if (field === 'data') data.push(value ?? '');
  }
  return data.length === 0 ? [] : [{ name, data: data.join('\n') }];
}
