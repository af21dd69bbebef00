export function TailView() {
  return null;
}
