import { useCallback, useRef } from "react";

/** Returns a function that begins a call and returns whether that call is still the newest one. */
export function useNewest() {
  const last = useRef(0);
  return useCallback(() => {
    const own = ++last.current;
    return () => own === last.current;
  }, []);
}
