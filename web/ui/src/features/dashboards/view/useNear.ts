import { useEffect, useRef, useState } from 'react';

/** How far from what is seen a tile is asked: about a screen. */
const margin = '700px 0px';

/** Whether an element is on the screen or near it. */
export function useNear<E extends Element>() {
  const ref = useRef<E>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const observer = new IntersectionObserver((entries) => setNear(entries.at(-1)?.isIntersecting === true), { rootMargin: margin });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, near };
}
