-- One database per service.
CREATE DATABASE opendls_inventory;
CREATE DATABASE opendls_config_policy;
