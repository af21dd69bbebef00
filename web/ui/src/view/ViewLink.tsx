import { forwardRef } from 'react';
import { Link, useSearchParams, type LinkProps } from 'react-router';
import { carryView } from '@/lib/urlstate';

interface Props extends Omit<LinkProps, 'to'> {
  to: string;
  /** What the link adds to the time range, comparison and refresh that go along. */
  params?: Record<string, string>;
}

/** A link to another page, which keeps the time range, comparison and refresh of this one. */
export const ViewLink = forwardRef<HTMLAnchorElement, Props>(function ViewLink({ to, params, ...rest }, ref) {
  const [search] = useSearchParams();
  return <Link ref={ref} to={to + carryView(search, params)} {...rest} />;
});
