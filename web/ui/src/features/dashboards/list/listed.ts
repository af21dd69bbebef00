/** Dashboards as their list shows them. */

import type { ResourceDocument } from '@/panels/resources/types';

export interface Listed {
  name: string;
  title: string;
  description: string;
  tags: string[];
  tiles: number;
  /** When it was last changed. */
  changed: number | undefined;
  /** The person who changed it; empty where a source did. */
  by: string;
  provisioned: boolean;
  source: string;
}

export function listed(d: ResourceDocument): Listed {
  const changed = Date.parse(d.lastUpdatedTime ?? '');
  return {
    name: d.name,
    title: typeof d.title === 'string' ? d.title : '',
    description: d.description ?? '',
    tags: Array.isArray(d.tags) ? d.tags.filter((t): t is string => typeof t === 'string') : [],
    tiles: Array.isArray(d.tiles) ? d.tiles.length : 0,
    changed: Number.isNaN(changed) ? undefined : changed,
    by: d.provisioned === true ? '' : (d.updatedBy ?? ''),
    provisioned: d.provisioned === true,
    source: d.source ?? '',
  };
}

/** Those with each word of a search in their title, name, description or tags, and with a tag. */
export function matching(all: readonly Listed[], search: string, tag: string): Listed[] {
  const words = search.toLowerCase().split(/\s+/).filter((w) => w !== '');
  return all.filter((d) => {
    const text = [d.name, d.title, d.description, ...d.tags].join('\n').toLowerCase();
    return (tag === '' || d.tags.includes(tag)) && words.every((w) => text.includes(w));
  });
}

/** All tags, by name. */
export function tagsOf(all: readonly Listed[]): string[] {
  return [...new Set(all.flatMap((d) => d.tags))].sort((a, b) => a.localeCompare(b, 'en'));
}
