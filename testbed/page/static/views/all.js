// The unit views, in the order of their tabs; a run shows those that fit it. See docs/page.md.
export const views = [];
