/** Returns a function that begins a call and returns whether that call is still the latest one. */
export function latest() {
  let last = 0;
  return () => {
    const own = ++last;
    return () => own === last;
  };
}
