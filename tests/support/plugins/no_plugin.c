/* A shared library, but no plugin. */
int fugle_no_plugin(void);
int fugle_no_plugin(void) { return 1; }
