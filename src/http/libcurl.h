// libcurl, loaded with the first request. Include it in place of <curl/curl.h>.
#pragma once

#include <curl/curl.h>

#include "base/lazy_library.h"

namespace latecomer::http {

inline constinit LazyLibrary libcurl("libcurl.so.4");

LATECOMER_LAZY_FUNCTION(libcurl, curl_easy_cleanup);
LATECOMER_LAZY_FUNCTION(libcurl, curl_easy_getinfo);
LATECOMER_LAZY_FUNCTION(libcurl, curl_easy_init);
LATECOMER_LAZY_FUNCTION(libcurl, curl_easy_perform);
LATECOMER_LAZY_FUNCTION(libcurl, curl_easy_reset);
LATECOMER_LAZY_FUNCTION(libcurl, curl_easy_setopt);
LATECOMER_LAZY_FUNCTION(libcurl, curl_easy_strerror);
LATECOMER_LAZY_FUNCTION(libcurl, curl_global_init);
LATECOMER_LAZY_FUNCTION(libcurl, curl_multi_add_handle);
LATECOMER_LAZY_FUNCTION(libcurl, curl_multi_cleanup);
LATECOMER_LAZY_FUNCTION(libcurl, curl_multi_info_read);
LATECOMER_LAZY_FUNCTION(libcurl, curl_multi_init);
LATECOMER_LAZY_FUNCTION(libcurl, curl_multi_perform);
LATECOMER_LAZY_FUNCTION(libcurl, curl_multi_poll);
LATECOMER_LAZY_FUNCTION(libcurl, curl_multi_remove_handle);
LATECOMER_LAZY_FUNCTION(libcurl, curl_share_cleanup);
LATECOMER_LAZY_FUNCTION(libcurl, curl_share_init);
LATECOMER_LAZY_FUNCTION(libcurl, curl_share_setopt);
LATECOMER_LAZY_FUNCTION(libcurl, curl_slist_append);
LATECOMER_LAZY_FUNCTION(libcurl, curl_slist_free_all);

}  // namespace latecomer::http
